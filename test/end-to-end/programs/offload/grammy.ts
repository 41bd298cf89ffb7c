/** A grammY bot with a heavy function: what it gains from asgigram without a change of its form. */

import { Bot, type Context } from "grammy";
import { type Delivery, delivery, offload, onDeadLetter, RetryLater, shared } from "../../../../src/index.ts";

const work = offload<typeof import("./work.ts")>("./work.ts", { threads: 2 });
const words = await shared<typeof import("./words.ts")>("./words.ts");
const bot = new Bot(process.env.BOT_TOKEN!);
const jobs = new Map<number, Delivery>();

bot.command("render", (ctx) => {
  const job = delivery();
  jobs.set(ctx.chat.id, job);
  job.waitUntil(render(ctx, job));
});

async function render(ctx: Context & { match: string }, { attempt }: Delivery): Promise<void> {
  await ctx.reply(`rendering ${ctx.match}`);
  await ctx.reply(await work.render(ctx.match, attempt, words));
}

bot.command("cancel", (ctx) => {
  jobs.get(ctx.chat.id)?.cancel();
  return ctx.reply("cancelled");
});
bot.command("later", (ctx) => {
  const job = delivery(ctx.update)!;
  job.busy();
  if (job.attempt === 1) {
    job.save("the first");
    throw new RetryLater({ after: 1 });
  }
  return ctx.reply(`attempt ${job.attempt}, after ${job.saved}`);
});
bot.command("throw", () => {
  throw new Error("no luck");
});
bot.command("wait", async (ctx) => {
  const job = delivery();
  setTimeout(() => job.cancel(new Error("enough")), 1);
  await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
  return ctx.reply(`${job.signal.reason}`);
});
bot.command("ping", (ctx) => ctx.reply("pong"));

onDeadLetter(({ event, error }) => {
  const { chat } = event as unknown as { chat: { id: number } };
  return bot.api.sendMessage(chat.id, `Sorry: ${(error as Error).message}`);
});

void bot.start();
