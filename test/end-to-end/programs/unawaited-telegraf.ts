/** A Telegraf bot that answers each message twice and waits for neither. It knows nothing of asgigram. */

import { Telegraf } from "telegraf";
import { message } from "telegraf/filters";

const bot = new Telegraf(process.env.BOT_TOKEN!);

bot.on(message("text"), (ctx) => {
  void ctx.reply(`${ctx.message.text} first`);
  void ctx.reply(`${ctx.message.text} second`);
});

void bot.launch();
