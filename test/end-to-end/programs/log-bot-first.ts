/** A program that writes to its owner by another bot, before its own has a handler. */

import { Bot, GrammyError } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN!);

const other = new Bot(process.env.OTHER!, { client: { apiRoot: process.env.API! } });
let owner = "";
try {
  await other.api.sendMessage(1, "The bot starts.");
} catch (error) {
  owner = error instanceof GrammyError ? `${error.error_code} ${error.description}` : String(error);
}
bot.on("message:text", (ctx) => ctx.reply(`The owner's bot: ${owner}`));
void bot.start();
