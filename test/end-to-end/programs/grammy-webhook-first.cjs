/** A grammY bot that sets its webhook before its first handler. It knows nothing of asgigram. */

const { createServer } = require("node:http");
const { Bot, webhookCallback } = require("grammy");

async function main() {
  const bot = new Bot(process.env.BOT_TOKEN);
  await bot.api.setWebhook("https://bot.example/hook");
  bot.use((_, next) => next());
  bot.on("message:text", (ctx) => ctx.reply(`You said: ${ctx.message.text}`));
  const server = createServer(webhookCallback(bot, "http")).listen(0, "127.0.0.1");
  process.once("SIGTERM", () => server.close());
}

main();
