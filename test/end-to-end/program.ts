/** A bot's program, unchanged, under the real command line. */

import type { SimulatedUser, Simulator } from "../../simulator/index.ts";
import { Bot, nextText } from "./bot.ts";

interface ProgramOptions {
  readonly args?: readonly string[];
  /** Further variables of the environment. */
  readonly env?: { readonly [name: string]: string };
}

/** Starts `test/end-to-end/programs/<program>` with its token in BOT_TOKEN; resolves when it is served. */
export async function startProgram(
  program: string,
  simulator: Simulator,
  { args = ["--no-inbox"], env = {} }: ProgramOptions = {},
): Promise<Bot> {
  const own = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token, ...env };
  const bot = new Bot(`programs/${program}`, simulator, args, { env: own });
  await bot.logged(({ msg }) => msg === "serving");
  return bot;
}

/** Sends a text. @returns the text of the answer */
export async function ask(person: SimulatedUser, text: string): Promise<string | undefined> {
  await person.sendText(text);
  return await nextText(person);
}
