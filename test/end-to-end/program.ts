/** A bot's program, unchanged, under the command line. */

import type { SimulatedUser, Simulator } from "../../simulator/index.ts";
import { Bot, BotHere, nextText } from "./bot.ts";

interface ProgramOptions {
  readonly args?: readonly string[];
  /** Further variables of the environment. */
  readonly env?: { readonly [name: string]: string };
}

/** Starts `test/end-to-end/programs/<program>` with its token in BOT_TOKEN; resolves when it is served. */
export async function startProgram(program: string, simulator: Simulator, options: ProgramOptions = {}): Promise<Bot> {
  return await startAs(Bot, program, simulator, options);
}

/** Like `startProgram`, in this process. */
export async function startProgramHere(
  program: string,
  simulator: Simulator,
  options: ProgramOptions = {},
): Promise<BotHere> {
  return await startAs(BotHere, program, simulator, options);
}

async function startAs<Either extends Bot | BotHere>(
  Kind: new (...args: ConstructorParameters<typeof Bot>) => Either,
  program: string,
  simulator: Simulator,
  { args = ["--no-inbox"], env = {} }: ProgramOptions,
): Promise<Either> {
  const own = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token, ...env };
  const bot = new Kind(`programs/${program}`, simulator, args, { env: own });
  await bot.logged(({ msg }) => msg === "serving");
  return bot;
}

/** Sends a text. @returns the text of the answer */
export async function ask(person: SimulatedUser, text: string): Promise<string | undefined> {
  await person.sendText(text);
  return await nextText(person);
}
