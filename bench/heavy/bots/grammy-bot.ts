/**
 * A bot of grammY. Its runner, as the documentation recommends, has sequentialize(), which keeps the messages of a chat in order.
 * https://grammy.dev/plugins/runner
 */

import { run, sequentialize } from "@grammyjs/runner";
import { Bot, InputFile } from "grammy";
import type { Work } from "../work.ts";
import { apiUrl, inputIn, token } from "./settings.ts";

/** Runs it by its own `bot.start()`, which handles one message after the other. */
export function startBot(work: Work): void {
  const bot = new Bot(token, { client: { apiRoot: apiUrl } });
  answer(bot, work);
  void bot.start();
}

export function runBot(work: Work): void {
  const bot = new Bot(token, { client: { apiRoot: apiUrl } });
  bot.use(sequentialize((ctx) => ctx.chat?.id.toString()));
  answer(bot, work);
  run(bot);
}

function answer(bot: Bot, work: Work): void {
  bot.on("message:text", async (ctx) => {
    const { text } = ctx.message;
    const input = inputIn(text);
    const result = input === undefined ? "pong" : await work(input);
    if (typeof result === "string") await ctx.reply(`${text}: ${result}`);
    else await ctx.replyWithPhoto(new InputFile(result), { caption: text });
  });
}
