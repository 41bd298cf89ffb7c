/**
 * A bot of grammY. Its runner, as the documentation recommends, has sequentialize(), which keeps the messages of a chat in order.
 * https://grammy.dev/plugins/runner
 */

import { run, sequentialize } from "@grammyjs/runner";
import { Bot, type Context, InputFile, type Middleware } from "grammy";
import type { Work } from "../work.ts";
import { apiUrl, inputIn, token } from "./settings.ts";

/** Runs it by its own `bot.start()`, which by itself handles one message after the other. */
export function startBot(work: Work): void {
  void createBot(work).start();
}

export function runBot(work: Work): void {
  const inOrder = sequentialize<Context>((ctx) => ctx.chat?.id.toString());
  run(createBot(work, inOrder));
}

function createBot(work: Work, ...before: Middleware[]): Bot {
  const bot = new Bot(token, { client: { apiRoot: apiUrl } });
  bot.use(...before);
  bot.on("message:text", async (ctx) => {
    const { text } = ctx.message;
    if (text.endsWith(" crash")) await crash();
    const input = inputIn(text);
    const result = input === undefined ? "pong" : await work(input);
    if (typeof result === "string") await ctx.reply(`${text}: ${result}`);
    else await ctx.replyWithPhoto(new InputFile(result), { caption: text });
  });
  return bot;
}

/** Throws where nothing catches it, and never returns. */
function crash(): Promise<never> {
  setImmediate(() => {
    throw new Error("thrown where nothing catches it");
  });
  return new Promise(() => {});
}
