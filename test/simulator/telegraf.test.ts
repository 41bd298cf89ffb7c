/** Unmodified Telegraf bots run against the simulator. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Markup, Telegraf } from "telegraf";
import { Simulator } from "../../simulator/index.ts";

/** Starts the bot, and stops it when the returned object goes out of scope. */
async function run(bot: Telegraf): Promise<AsyncDisposable> {
  const polling = Promise.withResolvers<void>();
  const running = bot.launch(() => polling.resolve());
  await polling.promise;
  return {
    async [Symbol.asyncDispose]() {
      bot.stop();
      await running;
    },
  };
}

const botFor = (simulator: Simulator) => new Telegraf(simulator.token, { telegram: { apiRoot: simulator.url } });

test("a Telegraf echo bot answers", async () => {
  await using simulator = await Simulator.start();
  const bot = botFor(simulator);
  bot.on("text", (ctx) => ctx.reply(ctx.message.text));
  await using _ = await run(bot);

  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage()).text, "hello");
});

test("a Telegraf button bot answers the press", async () => {
  await using simulator = await Simulator.start();
  const bot = botFor(simulator);
  bot.command("ask", (ctx) => ctx.reply("Well?", Markup.inlineKeyboard([Markup.button.callback("Yes", "yes")])));
  bot.action("yes", async (ctx) => {
    await ctx.answerCbQuery("Noted");
    await ctx.editMessageText("You said yes.");
  });
  await using _ = await run(bot);

  const ann = await simulator.user("ann");
  await ann.sendText("/ask");
  await ann.nextMessage();
  const press = await ann.press(1);
  assert.equal((await press.answered()).text, "Noted");
  assert.equal((await ann.chat.next("edited")).message.text, "You said yes.");
});
