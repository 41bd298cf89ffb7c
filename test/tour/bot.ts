/** The bot of the tour: does what a message asks for. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Application, Send } from "../../src/index.ts";

const PICTURE = readFileSync(join(import.meta.dirname, "picture.png"));
const picture = { bytes: PICTURE, filename: "picture.png" };

const HTML = [
  "<b>bold</b> <i>italic</i> <u>underlined</u> <s>struck</s> <tg-spoiler>hidden</tg-spoiler> <code>code</code>",
  '<a href="https://example.com/">a link</a> @simulated_bot #tag /help mail@example.com',
  '<pre><code class="language-ts">const answer = 42;</code></pre>',
  "<blockquote>a quote with <b>bold</b> words</blockquote>",
].join("\n");

type Answer = (send: Send, chat_id: number, message_id: number) => Promise<unknown>;

const ANSWERS: Record<string, Answer> = {
  "/start": (send) =>
    send({
      type: "telegram.send_message",
      text: "Welcome",
      reply_markup: { keyboard: [["one", "two"], ["three"]], resize_keyboard: true },
    }),
  "/once": (send) =>
    send({
      type: "telegram.send_message",
      text: "Once only",
      reply_markup: { keyboard: [["now"]], one_time_keyboard: true },
    }),
  "/text": (send) => send({ type: "telegram.send_message", text: HTML, parse_mode: "HTML" }),
  "/buttons": (send) =>
    send({
      type: "telegram.send_message",
      text: "Choose",
      reply_markup: {
        inline_keyboard: [
          [
            { text: "Yes", callback_data: "yes" },
            { text: "No", callback_data: "no" },
          ],
        ],
      },
    }),
  "/photo": (send) => send({ type: "telegram.send_photo", photo: picture, caption: "A picture" }),
  "/album": (send) =>
    send({
      type: "telegram.send_media_group",
      media: [
        { type: "photo", media: picture },
        { type: "photo", media: picture, caption: "Two of them" },
      ],
    }),
  "/file": (send) =>
    send({
      type: "telegram.send_document",
      document: { bytes: Buffer.from("<script>1</script>"), filename: "page.html" },
    }),
  "/poll": (send) =>
    send({
      type: "telegram.send_poll",
      question: "Tea or coffee?",
      options: [{ text: "Tea" }, { text: "Coffee" }],
      is_anonymous: false,
    }),
  "/quiz": (send) =>
    send({
      type: "telegram.send_poll",
      question: "The largest planet?",
      options: [{ text: "Mars" }, { text: "Jupiter" }],
      poll_type: "quiz",
      correct_option_ids: [1],
      explanation: "It has more <b>mass</b> than all others.",
      explanation_parse_mode: "HTML",
    }),
  "/name": (send) =>
    send({ type: "telegram.send_message", text: "What is your name?", reply_markup: { force_reply: true } }),
  "/live": (send) => send({ type: "telegram.send_live_photo", live_photo: picture, photo: picture }),
  "/choices": (send) =>
    send({
      type: "telegram.send_poll",
      question: "Which ones?",
      options: [{ text: "Red" }, { text: "Green" }, { text: "Blue" }],
      allows_multiple_answers: true,
    }),
  "/paid": (send) =>
    send({
      type: "telegram.send_paid_media",
      star_count: 5,
      payload: "pictures",
      media: [{ type: "photo", media: picture }],
    }),
  "/rich": (send) =>
    send({
      type: "telegram.send_rich_message",
      rich_message: {
        blocks: [
          { type: "heading", text: "Heading", size: 1 },
          { type: "paragraph", text: ["words ", { type: "bold", text: "in bold" }] },
        ],
      },
    }),
  "/helpers": (send) =>
    send({
      type: "telegram.send_message",
      text: "Helpers",
      reply_markup: {
        inline_keyboard: [
          [
            { text: "Copy", copy_text: { text: "a code" } },
            { text: "Ask", switch_inline_query_current_chat: "cake" },
          ],
        ],
      },
    }),
  "/place": (send) => send({ type: "telegram.send_location", latitude: 52.5, longitude: 13.4 }),
  "/dice": (send) => send({ type: "telegram.send_dice" }),
  "/busy": async (send) => {
    await send({ type: "telegram.send_chat_action", action: "typing" });
    await delay(500);
    await send({ type: "telegram.send_message", text: "Done" });
  },
  "/react": (send, _chat, message_id) =>
    send({ type: "telegram.set_message_reaction", message_id, reaction: [{ type: "emoji", emoji: "🔥" }] }),
  "/gone": async (send) => {
    const { message_id } = await send({ type: "telegram.send_message", text: "Soon gone" });
    await send({ type: "telegram.delete_message", message_id });
  },
  "/edit": async (send) => {
    const { message_id } = await send({ type: "telegram.send_message", text: "First version" });
    await send({ type: "telegram.edit_message_text", message_id, text: "Second version" });
  },
  "/pay": (send) =>
    send({
      type: "telegram.send_invoice",
      title: "Book",
      description: "A good one",
      payload: "book",
      currency: "XTR",
      prices: [{ label: "Book", amount: 50 }],
    }),
  "/fail": () => {
    throw new Error("the bot has failed");
  },
};

const COMMANDS = Object.keys(ANSWERS).map((name) => ({
  command: name.slice(1),
  description: `Shows ${name.slice(1)}`,
}));

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    switch (event.type) {
      case "telegram.disconnect":
        return;
      case "telegram.message": {
        const { text, caption, chat, message_id } = event;
        const answer = ANSWERS[text ?? ""];
        if (answer !== undefined) await answer(send, chat.id, message_id);
        else
          await send({ type: "telegram.send_message", text: `Bot: ${text ?? caption ?? Object.keys(event).at(-1)}` });
        if (text === "/start") await send({ type: "telegram.set_my_commands", commands: COMMANDS });
        break;
      }
      case "telegram.my_chat_member":
        if (event.new_chat_member.status !== "kicked") break;
        // It is refused: the person has blocked the bot.
        await send({ type: "telegram.send_message", chat_id: event.chat.id, text: "Come back" }).catch(() => {});
        break;
      case "telegram.callback_query":
        if (event.data === "no") break;
        await send({
          type: "telegram.answer_callback_query",
          callback_query_id: event.id,
          text: `You chose ${event.data}`,
        });
        break;
      case "telegram.inline_query":
        await send({
          type: "telegram.answer_inline_query",
          inline_query_id: event.id,
          results: [
            {
              type: "article",
              id: "1",
              title: `Result for ${event.query}`,
              input_message_content: { message_text: `chosen: ${event.query}` },
            },
          ],
        });
        break;
      case "telegram.purchased_paid_media":
        await send({
          type: "telegram.send_message",
          chat_id: event.from.id,
          text: `Bought: ${event.paid_media_payload}`,
        });
        break;
      case "telegram.pre_checkout_query":
        await send({ type: "telegram.answer_pre_checkout_query", pre_checkout_query_id: event.id, ok: true });
    }
  }
};
