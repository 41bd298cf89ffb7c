/** A bot that reminds after an hour, and what a person sees: the same for each runner. */

import { Bot } from "grammy";
import { Simulator } from "../../dist/simulator/index.js";

/** @param tick sets the runner's fake timers forward by so many milliseconds @returns the texts that the bot has sent */
export async function remind(tick) {
  const simulator = await Simulator.start();
  try {
    const bot = new Bot(simulator.token, { client: { apiRoot: simulator.url } });
    bot.command("remind", async (ctx) => {
      setTimeout(() => ctx.reply("It is time."), 3_600_000);
      await ctx.reply("I will.");
    });
    await simulator.run(bot);
    const ann = await simulator.user("Ann");
    await ann.sendText("/remind");
    await ann.receives("I will.");
    await simulator.advance(3599, tick);
    await ann.receivesNothing();
    await simulator.advance(1, tick);
    await ann.receives("It is time.");
    return simulator.calls.filter(({ method }) => method === "sendMessage").map(({ parameters }) => parameters.text);
  } finally {
    await simulator.close();
  }
}
