/** A grammY bot with a webhook of its own. It knows nothing of asgigram. */

import { createServer } from "node:http";
import { Bot, webhookCallback } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN!);
bot.on("message:text", (ctx) => ctx.reply(`You said: ${ctx.message.text}`));

const server = createServer(webhookCallback(bot, "http")).listen(0, "127.0.0.1");
await bot.api.setWebhook("https://bot.example/hook", { drop_pending_updates: true, allowed_updates: ["message"] });
process.once("SIGTERM", () => server.close());

// As serverless platforms want it.
export default webhookCallback(bot, "https");
