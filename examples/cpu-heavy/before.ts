import { Bot, InputFile } from "grammy";
import { fractal } from "./fractal.ts";

const { BOT_TOKEN = "", API_ROOT = "https://api.telegram.org" } = process.env;
const bot = new Bot(BOT_TOKEN, { client: { apiRoot: API_ROOT } });

bot.command("ping", (ctx) => ctx.reply("pong"));

bot.on("message:text", async (ctx) => {
  // All chats and the polls wait here.
  const picture = fractal(Number(ctx.message.text));
  await ctx.replyWithPhoto(new InputFile(picture));
});

await bot.start();
