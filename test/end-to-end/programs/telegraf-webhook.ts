/** A Telegraf bot behind an HTTP server, as Telegraf's own example has it: the webhook is set before the first handler. */

import { createServer } from "node:http";
import { Telegraf } from "telegraf";
import { message } from "telegraf/filters";

const bot = new Telegraf(process.env.BOT_TOKEN!);
const server = createServer(await bot.createWebhook({ domain: "bot.example" }));
bot.use((_, next) => next());
await new Promise((resolve) => setTimeout(resolve, 100));
bot.on(message("text"), (ctx) => ctx.reply(`You said: ${ctx.message.text}`));
server.listen(0, "127.0.0.1");
process.once("SIGTERM", () => server.close());
