/**
 * The arguments of a command line, taken apart by the parser of yargs. It is told no defaults and no types, so that a flag
 * that is absent hides nothing, and all values are checked in one place (value.ts). The rest of yargs lays out help and
 * completions; it takes longer to load than a worker to start, and is loaded for them alone.
 */

import parse from "yargs-parser";
import { flagOf, OPTIONS, optionAt } from "../config/options.ts";
import { isListenAddress } from "../config/value.ts";
import { COMMANDS, FLAGS } from "./command-table.ts";

/** By their long names; of one that is there several times, all values. */
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
    if (alone !== undefined && !isListenAddress(argv[i + 1] ?? "")) return `${word}=${alone}`;
    if (!/^-v+$/.test(word) || (word === "-v" && /^\d+$/.test(argv[i + 1] ?? ""))) return word;
    verbosity += word.length - 1;
    return `--verbosity=${Math.min(verbosity, OPTIONS.verbosity.max)}`;
  });
}
