/** A grammY bot with one heavy thread, whose generators it does not read to their ends. */

import { Bot, type Context } from "grammy";
import { delivery, offload } from "../../../../src/index.ts";

const { pages, wait } = offload<typeof import("./one-thread-work.ts")>("./one-thread-work.ts", { threads: 1 });
const bot = new Bot(process.env.BOT_TOKEN!);

bot.command("page", async (ctx) => {
  const { value } = await pages().next();
  await ctx.reply(`${value}`);
});

const asked = Promise.withResolvers<void>();
async function read(ctx: Context): Promise<void> {
  const book = pages();
  await ctx.reply(`${(await book.next()).value}`);
  await asked.promise;
  await ctx.reply(`${(await book.next()).value}`);
}
bot.command("keep", (ctx) => delivery().waitUntil(read(ctx)));
bot.command("next", () => asked.resolve());

const freed = Promise.withResolvers<void>();
bot.command("stick", async (ctx) => {
  delivery().timeout(1);
  await freed.promise;
  await ctx.reply("too late");
});
bot.command("free", () => freed.resolve());

bot.command("wait", async (ctx) => {
  await ctx.reply(await wait(process.env.FOLDER!));
});

void bot.start();
