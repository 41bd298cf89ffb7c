/**
 * The command line: what was typed, as options by their keys. The parser of yargs splits the words. It is told no defaults
 * and no types, so that a flag that is absent hides nothing, and all values are checked in one place (value.ts).
 */

import { Parser } from "yargs/helpers";
import { ConfigError } from "../protocol/errors.ts";
import { nearest } from "../protocol/nearest.ts";
import { COMMANDS, type Command, type CommandName, FLAGS, isCommand } from "./commands.ts";
import { unknownOption } from "./given.ts";
import { helpOf } from "./help.ts";
import { flagOf, OPTIONS, type Option, type OptionKey, optionAt } from "./options.ts";
import type { Values } from "./sources.ts";
import { isAddress, readValue } from "./value.ts";

/** What somebody wants of asgigram. */
export type Invocation = { wants: "help"; text: string } | { wants: "version" } | ({ wants: CommandName } & Typed);

/** What was typed for a command. */
export interface Typed {
  readonly flags: Values;
  /** What the command itself settles. */
  readonly presets: Values;
  readonly defaults: Values;
  /** The arguments that are no options. */
  readonly words: readonly string[];
  /** Those that are on. */
  readonly switches: ReadonlySet<string>;
}

/**
 * @param argv the words behind `asgigram`
 * @throws ConfigError
 */
export async function parseCommandLine(argv: readonly string[]): Promise<Invocation> {
  const { _: all, ...typed } = Parser(withValues(argv), { alias: ALIASES, configuration: AS_TYPED });
  const wants = isCommand(all[0]) ? all[0] : "serve";
  if (typed.help) return { wants: "help", text: await helpOf(wants) };
  if (typed.version) return { wants: "version" };
  const command = COMMANDS[wants];
  const words = all.slice(isCommand(all[0]) ? 1 : 0).map(String);
  const { presets = {}, defaults = {} } = command;
  const flags = readFlags(typed, wants);
  const switches = readSwitches(typed, command);
  if (command.words === undefined) return { wants, flags, presets, defaults, words, switches };
  return { wants, flags: { ...flags, ...readWords(words, command.words) }, presets, defaults, words: [], switches };
}

const ALIASES = {
  help: "h",
  ...Object.fromEntries(FLAGS.map((key) => [flagOf(key), optionAt(key).alias ?? []])),
};

const AS_TYPED = {
  "camel-case-expansion": false,
  "dot-notation": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "strip-aliased": true,
};

/** What needs no value: it is there or not. */
const SWITCHES = new Set(
  [
    ...FLAGS.filter((key) => OPTIONS[key].type === "boolean").map(flagOf),
    ...Object.values(COMMANDS).flatMap(({ switches = {} }) => Object.keys(switches)),
  ].map((name) => `--${name}`),
);

/** What may be alone, and what it means then. */
const ALONE = new Map(FLAGS.map((key) => [`--${flagOf(key)}`, optionAt(key).alone]));

/**
 * The parser reads each option's value as text. Three sorts of flag need none, and get theirs here: `--drop-pending` is
 * `--drop-pending=true`, which takes nothing from the word behind it; `--listen`, where no address follows, is
 * `--listen=127.0.0.1:8082`; and `-v`, the n-th of them, is `--verbosity=<1 + n>`, except where a number follows, as in the
 * Python asgigram's `-v 2`.
 */
function withValues(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  let verbosity = 1;
  return argv.map((word, i) => {
    if (i > end) return word;
    if (SWITCHES.has(word)) return `${word}=true`;
    const alone = ALONE.get(word);
    if (alone !== undefined && !isAddress(argv[i + 1] ?? "")) return `${word}=${alone}`;
    if (!/^-v+$/.test(word) || (word === "-v" && /^\d+$/.test(argv[i + 1] ?? ""))) return word;
    verbosity += word.length - 1;
    return `--verbosity=${Math.min(verbosity, OPTIONS.verbosity.max)}`;
  });
}

function readFlags(typed: { [flag: string]: unknown }, name: CommandName): Values {
  const { flags: keys, switches = {} } = COMMANDS[name];
  const known = new Map(keys.map((key) => [flagOf(key), key]));
  const flags: { [Key in OptionKey]?: unknown } = {};
  for (const [flag, value] of Object.entries(typed)) {
    if (Object.hasOwn(switches, flag)) continue;
    const key = known.get(flag);
    if (key === undefined) throw unknownFlag(flag, [...known.keys(), ...Object.keys(switches)], name);
    flags[key] = readOccurrences(key, value);
  }
  return flags;
}

function unknownFlag(flag: string, flags: Iterable<string>, name: CommandName): ConfigError {
  const guess = nearest(flag, flags);
  const command = name === "serve" ? "asgigram" : `asgigram ${name}`;
  return unknownOption(`${flag.length === 1 ? "-" : "--"}${flag}`, guess && `--${guess}`, command);
}

/** Of an option that is there several times, the last one counts; a list is all of them together. */
function readOccurrences(key: OptionKey, value: unknown): unknown {
  const values = [value].flat().map((one) => (one === true ? "" : one));
  return OPTIONS[key].type === "list" && !values.includes(false) ? values.join(",") : values.at(-1);
}

function readSwitches(typed: { [flag: string]: unknown }, { switches = {} }: Command): ReadonlySet<string> {
  const isOn = (name: string) => readValue(SWITCH, [typed[name] ?? false].flat().at(-1), `--${name}`, "");
  return new Set(Object.keys(switches).filter(isOn));
}

const SWITCH: Option = { type: "boolean", help: "", group: "" };

function readWords(words: readonly string[], keys: readonly OptionKey[]): Values {
  if (words.length > keys.length) {
    const wanted =
      keys.length === 0 ? "none is used" : `no more are used than ${keys.map((key) => `<${key}>`).join(" ")}`;
    throw new ConfigError(`too many arguments: there are ${words.length}, and ${wanted}`);
  }
  return Object.fromEntries(words.map((word, i) => [keys.at(i - words.length), word]));
}
