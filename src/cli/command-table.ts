/**
 * The commands of asgigram, as data: the command line, `--help` and docs/options.md all come from this table. A new command
 * is one more row, and one more case in cli.ts.
 */

import { OPTION_KEYS, type OptionKey, optionAt } from "../config/options.ts";
import type { Values } from "../config/sources.ts";
import { INBOX_ACTIONS } from "./inbox/inbox-task.ts";

export interface Command {
  /** What it does, in one line without a full stop. */
  readonly summary: string;
  /** The ways to write it, without `asgigram`. */
  readonly usage: readonly string[];
  /** What its help says below that. */
  readonly about: string;
  /** The arguments that are options, by position; those in front may be left out. Absent: its arguments are its own. */
  readonly words?: readonly OptionKey[];
  /** What the first of its own arguments may be. */
  readonly actions?: readonly string[];
  readonly flags: readonly OptionKey[];
  /** Flags that are there or not, and that only the command line has, with their meaning. */
  readonly switches?: { readonly [name: string]: string };
  /** What counts before the environment and the file, which are those of the real bot. */
  readonly presets?: Values;
  /** Where they differ from those in the table of options. */
  readonly defaults?: Values;
  /** Where the help of the table of options does not fit. */
  readonly help?: { readonly [Key in OptionKey]?: string };
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export type CommandName = "serve" | "simulate" | "check" | "inbox" | "health" | "config" | "completion";

/** Every option that is a flag. */
export const FLAGS = OPTION_KEYS.filter((key) => !optionAt(key).positional);

/** What every command can be asked, with its meaning. */
export const EVERYWHERE = { help: "Show this", version: "Show the versions of asgigram, Node.js and the Bot API" };

export const COMMANDS: { readonly [Name in CommandName]: Command } = {
  serve: {
    summary: "Serve a bot; the word serve may be left out",
    usage: ["[options] [token] <application>"],
    about: `
Serves a Telegram bot. With one argument, that is the application, and the
token comes from ASGIGRAM_TOKEN or --token-file; simulate needs no token.
Each option is also an environment variable (ASGIGRAM_MAX_ATTEMPTS) and a key
in the configuration file (maxAttempts). Flags count before variables, and
variables before the file.`,
    words: ["token", "application"],
    flags: FLAGS,
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot here"],
      ["asgigram --token-file token bot.ts", "Serve it, the token in a file"],
      ["asgigram 1234:AbC mysite.asgi:bot -w 4", "The token, an export, 4 threads"],
    ],
  },
  simulate: {
    summary: "Talk to a bot in the terminal, without Telegram",
    usage: ["simulate [options] <application>"],
    about: `
Serves the application to a Bot API simulator on this machine, with you as the
user. It needs no token, and nothing goes to Telegram.`,
    words: ["application"],
    flags: FLAGS.filter((key) => !["tokenFile", "apiUrl", "local", "proxy", "family"].includes(key)),
    presets: { inbox: false, listen: false, local: false, proxy: false, family: "auto" },
    defaults: { logLevel: "warn" },
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot"],
      ["asgigram simulate bot.ts -v", "And see what the server does"],
      ["echo hi | asgigram simulate bot.ts", "Say one thing and see the answer"],
    ],
  },
  check: {
    summary: "Find out whether a bot could be served",
    usage: ["check [options] [token] <application>"],
    about: `
Looks at all that a start depends on: the configuration, the application and
its lifespan, the token, the webhook, the inbox, the address to listen on. It
neither polls nor changes anything, so it can be run beside the bot's server.
Exit code 0 if the bot could be served, else that of the first problem.`,
    words: ["token", "application"],
    flags: FLAGS,
    switches: { json: "Tell it as JSON, in one line" },
    examples: [
      ["asgigram check --token-file token bot.ts", "Could this be served?"],
      ["asgigram check bot.ts --delete-webhook", "Would that be enough?"],
      ["asgigram check bot.ts --json", "The same for programs"],
    ],
  },
  config: {
    summary: "Show every setting and where it comes from",
    usage: ["config [options] [token] [application]"],
    about: `
Shows what the server would go by, with these flags, in this environment and
directory: every option, where its value comes from, and what is odd about it.
Nothing is needed, nothing is started, and the token is not shown.`,
    words: ["token", "application"],
    flags: FLAGS,
    switches: { json: "Show it as JSON" },
    examples: [
      ["asgigram config", "What do the variables come to?"],
      ["asgigram config --config bot.json -w 4", "And with a file and a flag"],
      ["asgigram config --json bot.ts", "For programs"],
    ],
  },
  inbox: {
    summary: "Look after dead letters",
    usage: [
      "inbox [options] list",
      "inbox [options] show ID",
      "inbox [options] retry ID... | --all",
      "inbox [options] drop ID... | --all",
    ],
    about: `
Looks after dead letters: the events at which the application threw, and those
that killed its worker too often. The server may be running or not. Its inbox
is found as the server finds it; without a token, an asgigram-*.sqlite in the
working directory will do, if it is the only one.`,
    actions: INBOX_ACTIONS,
    flags: ["inbox", "tokenFile", "config"],
    switches: {
      all: "Retry or drop all of them",
      json: "List or show as JSON, a line each",
    },
    help: { inbox: "The bot's inbox" },
    examples: [
      ["asgigram inbox list", "See what there is"],
      ["asgigram inbox --inbox bot.sqlite show 3", "See what went wrong"],
      ["asgigram inbox retry --all", "Hand it all to the bot again"],
    ],
  },
  health: {
    summary: "Ask a running server how it is",
    usage: ["health [options]"],
    about: `
Asks the server that listens (--listen, ASGIGRAM_LISTEN or the configuration
file; else 127.0.0.1:8082) whether it is alive, and says so in a line. Exit
code 0 if it is, 1 if not, or if it does not answer within three seconds. It
needs no token: made for a container's health check.`,
    words: [],
    flags: ["listen", "config"],
    switches: { ready: "Ask whether it does its work, too, and if not, why" },
    help: { listen: "Where the server listens" },
    examples: [
      ["asgigram health", "Is it alive?"],
      ["asgigram health --ready", "Does it poll, with all its workers?"],
      ["asgigram health --listen :9000", "The same of one that listens there"],
    ],
  },
  completion: {
    summary: "Print a script that completes what is typed",
    usage: ["completion"],
    about: `
Prints a script by which the shell (bash, or zsh if the variable SHELL says so)
completes commands, flags and what they may be set to.`,
    words: [],
    flags: [],
    examples: [
      ["source <(asgigram completion)", "For this shell, if it is bash"],
      ["asgigram completion >> ~/.bashrc", "For bash from now on"],
      ["asgigram completion >> ~/.zshrc", "For zsh from now on"],
    ],
  },
};

export function isCommand(word: unknown): word is CommandName {
  return typeof word === "string" && Object.hasOwn(COMMANDS, word);
}
