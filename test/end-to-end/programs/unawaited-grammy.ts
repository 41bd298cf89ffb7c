/** A grammY bot that answers each message twice and waits for neither. It knows nothing of asgigram. */

import { Bot } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN!);

bot.on("message:text", (ctx) => {
  void ctx.reply(`${ctx.message.text} first`);
  void ctx.reply(`${ctx.message.text} second`);
});

bot.start();
