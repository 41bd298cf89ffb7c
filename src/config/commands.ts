/** The commands of asgigram, as data: what `--help` says of each, and which options it takes. */

import { OPTION_KEYS, type OptionKey, optionAt } from "./options.ts";
import type { Values } from "./sources.ts";

export interface Command {
  readonly usage: string;
  /** The arguments that are no flags, by position; those in front may be left out. */
  readonly words: readonly OptionKey[];
  readonly flags: readonly OptionKey[];
  /** Flags that are there or not, and that only the command line has, with their meaning. */
  readonly switches: { readonly [name: string]: string };
  /** Where they differ from those in the table of options. */
  readonly defaults: Values;
  /** Where the table's words do not fit. */
  readonly help: { readonly [Key in OptionKey]?: string };
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export type CommandName = "serve" | "simulate" | "inbox";

/** Every option that is a flag. */
export const FLAGS = OPTION_KEYS.filter((key) => !optionAt(key).positional);

export const COMMANDS: { readonly [Name in CommandName]: Command } = {
  serve: {
    usage: `asgigram [options] [token] <application>
asgigram simulate [options] <application>
asgigram inbox [options] list | show | retry | drop

Serves a Telegram bot. With one argument, that is the application, and the
token comes from ASGIGRAM_TOKEN or --token-file; simulate needs no token.
Each option is also an environment variable (ASGIGRAM_MAX_ATTEMPTS) and a key
in the configuration file (maxAttempts). Flags count before variables, and
variables before the file.`,
    words: ["token", "application"],
    flags: FLAGS,
    switches: {},
    defaults: {},
    help: {},
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot here"],
      ["asgigram --token-file token bot.ts", "Serve it, the token in a file"],
      ["asgigram 1234:AbC mysite.asgi:bot -w 4", "The token, an export, 4 threads"],
    ],
  },
  simulate: {
    usage: `asgigram simulate [options] <application>

Serves the application to a Bot API simulator on this machine, with you as the
user. It needs no token, and nothing goes to Telegram.`,
    words: ["application"],
    flags: FLAGS.filter((key) => key !== "tokenFile" && key !== "apiUrl"),
    switches: {},
    defaults: { inbox: false, logLevel: "warn" },
    help: {},
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot"],
      ["asgigram simulate bot.ts -v", "And see what the server does"],
      ["echo hi | asgigram simulate bot.ts", "Say one thing and see the answer"],
    ],
  },
  inbox: {
    usage: `asgigram inbox [options] list
asgigram inbox [options] show ID
asgigram inbox [options] retry ID... | --all
asgigram inbox [options] drop ID... | --all

Looks after dead letters: the events at which the application threw, and those
that killed its worker too often. The server may be running or not. Its inbox
is found as the server finds it; without a token, an asgigram-*.sqlite in the
working directory will do, if it is the only one.`,
    words: [],
    flags: ["inbox", "tokenFile", "config"],
    switches: {
      all: "Retry or drop all of them",
      json: "List or show as JSON, a line each",
    },
    defaults: {},
    help: { inbox: "The bot's inbox" },
    examples: [
      ["asgigram inbox list", "See what there is"],
      ["asgigram inbox --inbox bot.sqlite show 3", "See what went wrong"],
      ["asgigram inbox retry --all", "Hand it all to the bot again"],
    ],
  },
};
