/** A bot for node-telegram-bot-api 2 as people write it. It knows nothing of asgigram. */

import { Bot, InputFile, TelegramApiError } from "node-telegram-bot-api";

const counts = new Map<number, number>();

const bot = new Bot(process.env.BOT_TOKEN!);

bot.command("start", async (ctx) => {
  await ctx.reply("Hello!", { reply_markup: { inline_keyboard: [[{ text: "Press me", callback_data: "press" }]] } });
});

bot.on("callback_query", async (ctx) => {
  const { id, message } = ctx.callbackQuery!;
  await ctx.api.answerCallbackQuery({ callback_query_id: id });
  await ctx.api.editMessageText({
    chat_id: message!.chat.id,
    message_id: message!.message_id,
    text: "You pressed it.",
  });
});

bot.command("count", async (ctx) => {
  const chat = ctx.message!.chat.id;
  counts.set(chat, (counts.get(chat) ?? 0) + 1);
  await ctx.reply(`count ${counts.get(chat)}`);
});

bot.command("refused", async (ctx) => {
  try {
    await ctx.api.sendMessage({ chat_id: 987654321, text: "to a stranger" });
  } catch (error) {
    if (!(error instanceof TelegramApiError)) throw error;
    await ctx.reply(error.message);
  }
});

bot.command("file", async (ctx) => {
  await ctx.api.sendDocument({
    chat_id: ctx.message!.chat.id,
    document: new InputFile(new TextEncoder().encode("three"), { filename: "three.txt" }),
  });
});

bot.command("later", (ctx) => {
  setTimeout(() => void ctx.reply("from a timer"), 20);
});

bot.command("throw", () => {
  throw new Error("no luck");
});

bot.on("message", async (ctx) => {
  await ctx.reply(`You said: ${ctx.message!.text}`);
});

if (process.env.CATCHES) bot.catch(async (error, ctx) => void (await ctx.reply(`caught: ${error}`)));

await bot.startPolling();
