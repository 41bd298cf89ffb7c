/** The handlers of the three bots: each message is answered with its own text, after 100 ms of computing. */

import { Bot, type Context, type Middleware } from "grammy";
import { apiUrl, token } from "../peers/bot.ts";

/** @param work finds the answer */
export function botWith(work: (text: string) => string | Promise<string>, ...first: Middleware<Context>[]): Bot {
  const bot = new Bot(token, { client: { apiRoot: apiUrl } });
  bot.use(...first);
  bot.on("message:text", async (ctx) => {
    const { text } = ctx.message;
    if (text.endsWith(" crash")) await crash();
    await ctx.reply(await work(text));
  });
  return bot;
}

function crash(): Promise<never> {
  setImmediate(() => {
    throw new Error("thrown where nothing catches it");
  });
  return new Promise(() => {});
}
