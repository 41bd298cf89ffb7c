/** The bot of test/clients/main.ts, with grammY. */

import { type Conversation, type ConversationFlavor, conversations, createConversation } from "@grammyjs/conversations";
import {
  Bot,
  type Context,
  InlineKeyboard,
  InlineQueryResultBuilder,
  InputFile,
  InputMediaBuilder,
  Keyboard,
} from "grammy";
import { API_URL, PICTURE, TOKEN } from "./setting.ts";

const bot = new Bot<ConversationFlavor<Context>>(TOKEN, { client: { apiRoot: API_URL } });

async function form(conversation: Conversation, ctx: Context): Promise<void> {
  await ctx.reply("Your name?");
  const name = await conversation.form.text();
  await ctx.reply("Your age?");
  await ctx.reply(`${name} is ${await conversation.form.text()}`);
}

bot.use(conversations(), createConversation(form));
bot.command("start", (ctx) =>
  ctx.reply(`Hello, ${ctx.from!.first_name}!`, {
    reply_markup: new InlineKeyboard().text("Yes", "yes").text("No", "no"),
  }),
);
bot.on("callback_query:data", async (ctx) => {
  await ctx.answerCallbackQuery(`You pressed ${ctx.callbackQuery.data}`);
  await ctx.editMessageText(`Pressed: ${ctx.callbackQuery.data}`);
});
bot.command("form", (ctx) => ctx.conversation.enter("form"));
bot.command("keys", (ctx) => ctx.reply("Which colour?", { reply_markup: new Keyboard().text("Red").text("Blue") }));
bot.on("message:photo", async (ctx) => {
  const { file_path } = await ctx.getFile();
  const file = await fetch(`${API_URL}/file/bot${TOKEN}/${file_path}`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  await ctx.replyWithPhoto(new InputFile(bytes, "back.png"), { caption: "Back to you" });
});
bot.command("album", (ctx) =>
  ctx.replyWithMediaGroup(["1.png", "2.png"].map((name) => InputMediaBuilder.photo(new InputFile(PICTURE, name)))),
);
bot.on("inline_query", (ctx) =>
  ctx.answerInlineQuery([
    InlineQueryResultBuilder.article("1", "An answer").text(`You asked for ${ctx.inlineQuery.query}`),
  ]),
);
bot.command("poll", (ctx) => ctx.replyWithPoll("Tea or coffee?", ["Tea", "Coffee"], { is_anonymous: false }));
bot.on("poll_answer", ({ api, pollAnswer }) =>
  api.sendMessage(pollAnswer.user!.id, `You chose ${pollAnswer.option_ids[0]}`),
);
bot.command("pay", (ctx) => ctx.replyWithInvoice("Tea", "A cup", "tea", "XTR", [{ label: "Tea", amount: 5 }]));
bot.on("pre_checkout_query", (ctx) => ctx.answerPreCheckoutQuery(true));
bot.on("message:successful_payment", (ctx) => {
  const { total_amount, currency } = ctx.msg.successful_payment;
  return ctx.reply(`Paid ${total_amount} ${currency}`);
});
bot.on("message:text", (ctx) => ctx.reply(`${ctx.msg.text} it is`));
await bot.start();
