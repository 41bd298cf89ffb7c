/** A bot for node-telegram-bot-api 0.66 as people write it. It knows nothing of asgigram. */

const TelegramBot = require("node-telegram-bot-api-0");

const bot = new TelegramBot(process.env.BOT_TOKEN, { polling: true });
const counts = new Map();

bot.onText(/^\/start$/, (msg) => {
  bot.sendMessage(msg.chat.id, "Hello!", {
    reply_markup: { inline_keyboard: [[{ text: "Press me", callback_data: "press" }]] },
  });
});

bot.on("callback_query", async ({ id, message }) => {
  await bot.answerCallbackQuery(id);
  await bot.editMessageText("You pressed it.", { chat_id: message.chat.id, message_id: message.message_id });
});

bot.onText(/^\/count$/, async ({ chat }) => {
  counts.set(chat.id, (counts.get(chat.id) ?? 0) + 1);
  await bot.sendMessage(chat.id, `count ${counts.get(chat.id)}`);
});

bot.onText(/^\/refused$/, async (msg) => {
  try {
    await bot.sendMessage(987654321, "to a stranger");
  } catch (error) {
    await bot.sendMessage(msg.chat.id, error.message);
  }
});

const dot = Buffer.from("GIF89a\x01\0\x01\0");
bot.onText(/^\/photo$/, async (msg) => {
  await bot.sendPhoto(msg.chat.id, dot, { caption: "a dot" }, { filename: "dot.gif", contentType: "image/gif" });
  await bot.sendDocument(msg.chat.id, __filename);
});

bot.onText(/^\/ask$/, async (msg) => {
  await bot.sendMessage(msg.chat.id, "What?");
  const answer = await new Promise((resolve) => bot.once("text", resolve));
  await bot.sendMessage(msg.chat.id, `That: ${answer.text}`);
});

bot.onText(/^\/later$/, (msg) => {
  setTimeout(() => bot.sendMessage(msg.chat.id, "from a timer"), 20);
});

bot.onText(/^\/throw$/, async () => {
  throw new Error("no luck");
});

bot.onText(/^echo (.+)/, (msg, match) => bot.sendMessage(msg.chat.id, `You said: ${match[1]}`));
