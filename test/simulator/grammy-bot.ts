/** A grammY bot that talks to a simulator. */

import { Bot } from "grammy";
import type { Simulator } from "../../simulator/index.ts";

export const botFor = ({ token, url }: Simulator) => new Bot(token, { client: { apiRoot: url } });

/** Starts the bot, and stops it when the returned object goes out of scope. */
export function run(bot: Bot): AsyncDisposable {
  const running = bot.start();
  return {
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await running;
    },
  };
}
