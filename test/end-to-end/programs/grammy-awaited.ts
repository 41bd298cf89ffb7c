/** A grammY bot that ends with its polling. It knows nothing of asgigram. */

import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Bot } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN!);
bot.on("message:text", (ctx) => ctx.reply(`You said: ${ctx.message.text}`));
// As long as a database takes.
await delay(100);
if (process.argv[1] === fileURLToPath(import.meta.url)) await bot.start();
