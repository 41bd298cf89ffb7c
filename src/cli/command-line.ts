/** The command line, parsed: the command, its options by key, and its other arguments. */

import { unknownOption } from "../config/option-layers.ts";
import { flagOf, OPTIONS, type Option, type OptionKey } from "../config/options.ts";
import type { Values } from "../config/sources.ts";
import { readValue } from "../config/value.ts";
import { ConfigError } from "../protocol/errors.ts";
import { nearest } from "../protocol/nearest.ts";
import { type Flags, splitArguments } from "./arguments.ts";
import { COMMANDS, type Command, type CommandName, EVERYWHERE, isCommand } from "./command-table.ts";

/** A command to run, or a text to print. */
export type Invocation = { wants: "text"; text: string } | { wants: "version" } | ({ wants: CommandName } & Typed);

/** The arguments of a command. */
export interface Typed {
  readonly flags: Values;
  /** Options that the command itself sets. */
  readonly presets: Values;
  readonly defaults: Values;
  /** Arguments that are not options. */
  readonly words: readonly string[];
  /** The switches that are on. */
  readonly switches: ReadonlySet<string>;
  /** Flags that only this command has and that have a value. */
  readonly values: ReadonlyMap<string, string>;
}

/** First argument from a completion script; the words of the line follow. */
const ASKS_FOR_COMPLETIONS = "--get-yargs-completions";

/**
 * @param argv the words after `asgigram`
 * @throws ConfigError
 */
export async function parseCommandLine(argv: readonly string[]): Promise<Invocation> {
  if (argv[0] === ASKS_FOR_COMPLETIONS) {
    const { completionsOf } = await import("./completion.ts");
    return { wants: "text", text: (await completionsOf(argv.slice(1))).join("\n") };
  }
  const { words, flags } = splitArguments(argv);
  const [first = "", ...rest] = words;
  if (flags.help) {
    const { helpOf } = await import("./help.ts");
    return { wants: "text", text: await helpOf(isCommand(first) ? first : "serve") };
  }
  if (flags.version) return { wants: "version" };
  if (isCommand(first)) return invocationOf(first, rest, flags);
  refuseMisspelt(first);
  return invocationOf("serve", words, flags);
}

function invocationOf(wants: CommandName, words: readonly string[], typed: Flags): Invocation {
  const command = COMMANDS[wants];
  const { presets = {}, defaults = {} } = command;
  const flags = readFlags(typed, wants);
  const common = {
    wants,
    presets,
    defaults,
    switches: readSwitches(typed, command),
    values: readValues(typed, command),
  };
  if (command.words === undefined) return { ...common, flags, words };
  return { ...common, flags: { ...flags, ...readWords(words, command.words) }, words: [] };
}

/** Refuses a word that looks like a misspelt command. An application with its export (`serv:app`) never does. */
function refuseMisspelt(word: string): void {
  const known = [...Object.keys(COMMANDS), ...Object.keys(EVERYWHERE).map((flag) => `--${flag}`)];
  const guess = /^\w+$/.test(word) ? nearest(word, known) : undefined;
  if (guess === undefined) return;
  throw new ConfigError(
    `there is no command "${word}"; did you mean ${guess}? (An application of that name is ${word}:application.)`,
  );
}

function readFlags(typed: Flags, name: CommandName): Values {
  const { flags: keys, switches = {}, values = {} } = COMMANDS[name];
  const own = [...Object.keys(switches), ...Object.keys(values)];
  const known = new Map(keys.map((key) => [flagOf(key), key]));
  const flags: { [Key in OptionKey]?: unknown } = {};
  for (const [flag, value] of Object.entries(typed)) {
    if (own.includes(flag)) continue;
    const key = known.get(flag);
    if (key === undefined) throw unknownFlag(flag, [...known.keys(), ...own], name);
    flags[key] = readOccurrences(key, value);
  }
  return flags;
}

function unknownFlag(flag: string, flags: Iterable<string>, name: CommandName): ConfigError {
  const guess = nearest(flag, flags);
  const command = name === "serve" ? "asgigram" : `asgigram ${name}`;
  return unknownOption(`${flag.length === 1 ? "-" : "--"}${flag}`, guess && `--${guess}`, command);
}

/** Options whose values are several, between commas. */
const LISTS: readonly Option["type"][] = ["list", "modules", "commands"];

/** The last value of a repeated option; all values of a list. */
function readOccurrences(key: OptionKey, value: unknown): unknown {
  const values = [value].flat().map((one) => (one === true ? "" : one));
  return LISTS.includes(OPTIONS[key].type) && !values.includes(false) ? values.join(",") : values.at(-1);
}

function readSwitches(typed: Flags, { switches = {} }: Command): ReadonlySet<string> {
  const isOn = (name: string) => readValue(SWITCH, [typed[name] ?? false].flat().at(-1), `--${name}`, "");
  return new Set(Object.keys(switches).filter(isOn));
}

function readValues(typed: Flags, { values = {} }: Command): ReadonlyMap<string, string> {
  const given = Object.keys(values).filter((name) => typed[name] !== undefined);
  return new Map(given.map((name) => [name, textOf(name, [typed[name]].flat().at(-1))]));
}

/** `--chat` alone is true, and `--no-chat` is false, for the parser. */
function textOf(name: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigError(`--${name} needs a value`);
}

const SWITCH: Option = { type: "boolean", help: "", group: "" };

function readWords(words: readonly string[], keys: readonly OptionKey[]): Values {
  if (words.length > keys.length) {
    const wanted = keys.map((key) => `<${key}>`).join(" ");
    const expected = wanted === "" ? "expected none" : `expected ${wanted} at most`;
    throw new ConfigError(`too many arguments (${words.length}): ${expected}`);
  }
  return Object.fromEntries(words.map((word, i) => [keys.at(i - words.length), word]));
}
