/** Completions for a shell: those of yargs, from the tables of commands and options. */

import yargs from "yargs";
import { flagOf, optionAt } from "../config/options.ts";
import { splitArguments } from "./arguments.ts";
import { COMMANDS, type CommandName, EVERYWHERE, FLAGS, isCommand } from "./command-table.ts";

/**
 * @param line words of the line, asgigram first; the last word is unfinished
 * @returns completions of the last word; none where the shell should offer files
 */
export async function completionsOf(line: readonly string[]): Promise<readonly string[]> {
  // bash splits --log-level=info into three words.
  const [, ...words] = line.filter((word) => word !== "=");
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  if (typed.includes("--") || isFollowedByText(typed.at(-1))) return [];
  const offered = await completerAfter(splitArguments(typed).words).getCompletion(words);
  return current.startsWith("-") ? offered : offered.filter((word) => !word.startsWith("-"));
}

function isFollowedByText(word: string | undefined): boolean {
  if (Object.values(COMMANDS).some(({ values = {} }) => Object.hasOwn(values, word?.replace(/^--/, "") ?? "")))
    return true;
  return FLAGS.some((key) => {
    const { alias, type, choices } = optionAt(key);
    return [`--${flagOf(key)}`, `-${alias}`].includes(word!) && type !== "boolean" && choices === undefined;
  });
}

/** Takes the finished words that are not flags. */
function completerAfter([command, ...rest]: readonly string[]): ReturnType<typeof yargs> {
  const name: CommandName = isCommand(command) ? command : "serve";
  const { actions = [], flags, switches = {}, values = {} } = COMMANDS[name];
  const completer = yargs().locale("en").help(false).version(false);
  if (command === undefined)
    for (const [word, { summary }] of Object.entries(COMMANDS)) completer.command(word, summary);
  if (rest.length === 0) for (const action of actions) completer.command(action, "");
  for (const key of flags) {
    const { help, choices } = optionAt(key);
    completer.option(flagOf(key), { describe: help, ...(choices !== undefined && { choices }) });
  }
  const others = { ...switches, ...values, ...EVERYWHERE };
  for (const [flag, describe] of Object.entries(others)) completer.option(flag, { describe });
  return completer;
}
