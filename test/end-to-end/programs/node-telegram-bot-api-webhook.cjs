/** A bot for node-telegram-bot-api 0.66 that sets its webhook before its first handler. It knows nothing of asgigram. */

const TelegramBot = require("node-telegram-bot-api-0");

const bot = new TelegramBot(process.env.BOT_TOKEN);
bot.setWebHook("https://bot.example/hook").then(() => {
  bot.on("message", (message) => bot.sendMessage(message.chat.id, `You said: ${message.text}`));
});
