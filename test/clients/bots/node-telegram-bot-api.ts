/** The bot of test/clients/main.ts, with node-telegram-bot-api 2. */

import { Bot, InputFile } from "node-telegram-bot-api";
import { API_URL, PICTURE, TOKEN } from "./setting.ts";

const bot = new Bot(TOKEN, { apiRoot: API_URL });
const { api } = bot;

/** The answers of each user's form, while it is filled in. */
const forms = new Map<number, string[]>();

bot.hears(/^\/start$/, (ctx) =>
  ctx.reply(`Hello, ${ctx.from!.first_name}!`, {
    reply_markup: {
      inline_keyboard: [
        [
          { text: "Yes", callback_data: "yes" },
          { text: "No", callback_data: "no" },
        ],
      ],
    },
  }),
);
bot.on("callback_query", async (ctx) => {
  const { data, message } = ctx.callbackQuery!;
  await ctx.answerCallbackQuery({ text: `You pressed ${data}` });
  const where = { chat_id: message!.chat.id, message_id: message!.message_id };
  await api.editMessageText({ ...where, text: `Pressed: ${data}` });
});
bot.hears(/^\/form$/, (ctx) => {
  forms.set(ctx.chatId!, []);
  return ctx.reply("Your name?");
});
bot.hears(/^\/keys$/, (ctx) =>
  ctx.reply("Which colour?", { reply_markup: { keyboard: [[{ text: "Red" }, { text: "Blue" }]] } }),
);
bot.hears(/^\/album$/, (ctx) =>
  api.sendMediaGroup({
    chat_id: ctx.chatId!,
    media: ["1.png", "2.png"].map((name) => ({ type: "photo", media: new InputFile(PICTURE, { filename: name }) })),
  }),
);
bot.hears(/^\/poll$/, (ctx) =>
  api.sendPoll({
    chat_id: ctx.chatId!,
    question: "Tea or coffee?",
    options: [{ text: "Tea" }, { text: "Coffee" }],
    is_anonymous: false,
  }),
);
bot.hears(/^\/pay$/, (ctx) =>
  api.sendInvoice({
    chat_id: ctx.chatId!,
    title: "Tea",
    description: "A cup",
    payload: "tea",
    currency: "XTR",
    prices: [{ label: "Tea", amount: 5 }],
  }),
);
bot.on("inline_query", (ctx) => {
  const { id, query } = ctx.inlineQuery!;
  const input_message_content = { message_text: `You asked for ${query}` };
  return api.answerInlineQuery({
    inline_query_id: id,
    results: [{ type: "article", id: "1", title: "An answer", input_message_content }],
  });
});
bot.on("poll_answer", ({ update }) => {
  if (!("poll_answer" in update)) return;
  const { user, option_ids } = update.poll_answer;
  return api.sendMessage({ chat_id: user!.id, text: `You chose ${option_ids[0]}` });
});
bot.on("pre_checkout_query", ({ update }) => {
  if (!("pre_checkout_query" in update)) return;
  return api.answerPreCheckoutQuery({ pre_checkout_query_id: update.pre_checkout_query.id, ok: true });
});
bot.on("message", async (ctx) => {
  const { text, photo, successful_payment: payment } = ctx.message!;
  if (payment !== undefined) return ctx.reply(`Paid ${payment.total_amount} ${payment.currency}`);
  if (photo !== undefined) {
    const { file_path } = await api.getFile({ file_id: photo.at(-1)!.file_id });
    const file = await fetch(`${API_URL}/file/bot${TOKEN}/${file_path}`);
    const upload = new InputFile(new Uint8Array(await file.arrayBuffer()), { filename: "back.png" });
    return api.sendPhoto({ chat_id: ctx.chatId!, photo: upload, caption: "Back to you" });
  }
  const answers = forms.get(ctx.chatId!);
  if (answers === undefined) return ctx.reply(`${text} it is`);
  answers.push(text!);
  if (answers.length === 1) return ctx.reply("Your age?");
  forms.delete(ctx.chatId!);
  return ctx.reply(`${answers[0]} is ${text}`);
});
await bot.startPolling();
