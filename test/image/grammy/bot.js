/** A grammY bot with its own packages, as `node bot.js` runs it. */

import { Bot } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN);

bot.command("start", (ctx) => ctx.reply("Hello."));
bot.on("message:text", (ctx) => ctx.reply(`You said: ${ctx.msg.text}`));

process.once("SIGTERM", () => bot.stop());
await bot.start();
console.log("bot.start() is over");
