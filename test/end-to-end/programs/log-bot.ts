/** A program that writes to its owner by another bot, which it does not start. */

import { Bot, GrammyError } from "grammy";

const bot = new Bot(process.env.BOT_TOKEN!);
let owner = "";
bot.on("message:text", (ctx) => ctx.reply(`The owner's bot: ${owner}`));

const other = new Bot(process.env.OTHER!, { client: { apiRoot: process.env.API! } });
try {
  await other.api.sendMessage(1, "The bot has started.");
} catch (error) {
  owner = error instanceof GrammyError ? `${error.error_code} ${error.description}` : String(error);
}
void bot.start();
