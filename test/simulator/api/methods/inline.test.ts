/** Inline mode: Bot API, answerInlineQuery, ChosenInlineResult, savePreparedInlineMessage, answerWebAppQuery. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { receiver } from "../../received.ts";

const keyboard = { inline_keyboard: [[{ text: "More", callback_data: "more" }]] };
const results = [
  {
    type: "article",
    id: "a",
    title: "A",
    input_message_content: { message_text: "<b>A</b>", parse_mode: "HTML" },
    reply_markup: keyboard,
  },
  {
    type: "photo",
    id: "p",
    photo_url: "https://example.org/p.jpg",
    thumbnail_url: "https://example.org/t.jpg",
    caption: "cat",
  },
  { type: "location", id: "l", title: "L", latitude: 1, longitude: 2 },
];

async function answered() {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const asked = await ann.inlineQuery("cats");
  const { inline_query_id } = asked;
  assert.equal(verdict(await call("answerInlineQuery", { inline_query_id, results, next_offset: "3" })), "ok");
  const received = receiver(call);
  await received();
  return { simulator, call, ann, asked, received };
}

test("a chosen result is the user's message via the bot, which learns of it", async () => {
  const { simulator, ann, asked, received } = await answered();
  await using _ = simulator;
  const bobs = await simulator.group("Without the bot", { bot: "left" });
  const message = await ann.choose(asked, "a", { chat: bobs });
  assert.deepEqual([message.text, message.from?.id, message.via_bot?.id], ["A", ann.id, simulator.bot.id]);
  assert.deepEqual([message.entities?.[0]?.type, message.reply_markup], ["bold", keyboard]);
  const [chosen, ...others] = await received();
  assert.deepEqual([chosen?.chosen_inline_result?.result_id, chosen?.chosen_inline_result?.query], ["a", "cats"]);
  assert.ok(chosen?.chosen_inline_result?.inline_message_id);
  assert.deepEqual(others, []);
  const photo = await ann.choose(asked, 1);
  assert.deepEqual([photo.photo?.length, photo.caption], [2, "cat"]);
  assert.deepEqual((await ann.choose(asked, "l")).location, { latitude: 1, longitude: 2 });
  const updates = await received();
  assert.equal(updates[0]?.message?.via_bot?.id, simulator.bot.id);
  assert.equal(updates[1]?.chosen_inline_result?.inline_message_id, undefined);
  await assert.rejects(ann.choose(asked, "z"), /no result "z"/);
});

test("an inline message is edited by its id, and its buttons come with the id", async () => {
  const { simulator, call, ann, asked, received } = await answered();
  await using _ = simulator;
  const chat = await simulator.group("Without the bot", { bot: "left" });
  const message = await ann.choose(asked, "a", { chat });
  await ann.press("More", { message });
  const [, { callback_query: query } = {}] = await received();
  assert.deepEqual([query?.data, query?.message], ["more", undefined]);
  const { inline_message_id } = query!;
  assert.equal((await call("editMessageText", { inline_message_id, text: "B" })).result, true);
  assert.equal((await chat.next("edited")).message.text, "B");
  const unknown = await call("editMessageText", { inline_message_id: "abc", text: "x" });
  assert.equal(verdict(unknown), "400 Bad Request: MESSAGE_ID_INVALID");
});

test("a prepared message expires later, and a user shares it", async () => {
  const { simulator, call, ann } = await answered();
  await using _ = simulator;
  const { result: prepared } = await call("savePreparedInlineMessage", { user_id: ann.id, result: results[0] });
  assert.ok(prepared.expiration_date > Date.now() / 1000);
  assert.equal((await ann.share(prepared)).text, "A");
});

test("a web app's message goes to the chat where the user opened it", async () => {
  const { simulator, call, ann } = await answered();
  await using _ = simulator;
  await ann.sendText("/start");
  const reply_markup = { inline_keyboard: [[{ text: "App", web_app: { url: "https://example.org" } }]] };
  await call("sendMessage", { chat_id: ann.id, text: "Open", reply_markup });
  const { url, web_app_query_id } = await ann.press("App");
  assert.equal(url, "https://example.org");
  const { result } = await call("answerWebAppQuery", { web_app_query_id, result: results[0] });
  assert.ok(result.inline_message_id);
  assert.equal((await ann.chat.messages()).at(-1)?.text, "A");
  assert.equal((await call("answerWebAppQuery", { web_app_query_id, result: results[0] })).ok, false);
});
