/**
 * Splits a command line into words and flags, with the parser of yargs. The parser gets no defaults, so that an absent flag hides
 * nothing, and no types: value.ts checks all values. The rest of yargs is loaded only for help and completion, because it takes
 * longer to load than a worker takes to start.
 */

import parse from "yargs-parser";
import { flagOf, OPTIONS, optionAt } from "../config/options.ts";
import { isListenAddress } from "../config/value.ts";
import { COMMANDS, FLAGS, isCommand } from "./command-table.ts";

/** Values by long name; an array for a flag that is repeated. */
export type Flags = { readonly [flag: string]: unknown };

export function splitArguments(argv: readonly string[]): { words: readonly string[]; flags: Flags } {
  const { _: words, ...flags } = parse(withValues(argv), { alias: ALIASES, configuration: AS_TYPED });
  return { words: words.map(String), flags };
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

/** Flags without a value. */
const SWITCHES = new Set(
  [
    ...FLAGS.filter((key) => OPTIONS[key].type === "boolean").map(flagOf),
    ...Object.values(COMMANDS).flatMap(({ switches = {} }) => Object.keys(switches)),
  ].map((name) => `--${name}`),
);

/** Flags with an optional value, and their value when they stand alone. */
const ALONE = new Map(FLAGS.map((key) => [`--${flagOf(key)}`, optionAt(key).alone]));

/**
 * Adds values to flags that need none, because the parser reads the next word as the value of a flag. `--drop-pending` becomes
 * `--drop-pending=true`. `--listen` without an address becomes `--listen=127.0.0.1:8082`, unless the command has a --listen of its own. The n-th `-v` becomes
 * `--verbosity=<1 + n>`, unless a number follows, as in `-v 2` of the Python asgigram.
 */
function withValues(argv: readonly string[]): string[] {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const { values = {} } = COMMANDS[argv.find(isCommand) ?? "serve"];
  let verbosity = 1;
  return argv.map((word, i) => {
    if (i > end) return word;
    if (SWITCHES.has(word)) return `${word}=true`;
    const alone = Object.hasOwn(values, word.slice(2)) ? undefined : ALONE.get(word);
    if (alone !== undefined && !isListenAddress(argv[i + 1] ?? "")) return `${word}=${alone}`;
    if (!/^-v+$/.test(word) || (word === "-v" && /^\d+$/.test(argv[i + 1] ?? ""))) return word;
    verbosity += word.length - 1;
    return `--verbosity=${Math.min(verbosity, OPTIONS.verbosity.max)}`;
  });
}
