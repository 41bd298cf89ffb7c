/**
 * The commands of asgigram, as data: the command line, `--help` and docs/options.md all derive from this table. A new command is
 * one more row, and one more file in `commands/`.
 */

import { OPTION_KEYS, type OptionKey, optionAt } from "../config/options.ts";
import type { Values } from "../config/sources.ts";
import { INBOX_ACTIONS } from "./inbox/inbox-task.ts";

export interface Command {
  /** One line without a full stop. */
  readonly summary: string;
  /** The syntax, without `asgigram`. */
  readonly usage: readonly string[];
  /** Paragraph below the syntax in the help. */
  readonly about: string;
  /** Options by position of the argument; the first ones may be left out. Undefined: the command parses its arguments. */
  readonly words?: readonly OptionKey[];
  /** The valid values of the first argument. */
  readonly actions?: readonly string[];
  readonly flags: readonly OptionKey[];
  /** Flags without a value that only this command has, with their help. */
  readonly switches?: { readonly [name: string]: string };
  /** Flags with a value that only this command has, with their help. */
  readonly values?: { readonly [name: string]: string };
  /** Options that override the environment and the file, which are for the real bot. */
  readonly presets?: Values;
  /** Defaults that differ from the table of options. */
  readonly defaults?: Values;
  /** Help that differs from the table of options. */
  readonly help?: { readonly [Key in OptionKey]?: string };
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export type CommandName =
  | "serve"
  | "simulate"
  | "simulator"
  | "check"
  | "inbox"
  | "nodes"
  | "health"
  | "config"
  | "completion";

/** Every option that is a flag. */
export const FLAGS = OPTION_KEYS.filter((key) => !optionAt(key).positional);

/** Flags of every command, with their help. */
export const EVERYWHERE = { help: "Show this help", version: "Show the versions of asgigram, Node.js and the Bot API" };

export const COMMANDS: { readonly [Name in CommandName]: Command } = {
  serve: {
    summary: "Serve a bot; the word serve is optional",
    usage: ["[options] [token] <application>"],
    about: `
Serves a Telegram bot. A single argument is the application; the token then
comes from ASGIGRAM_TOKEN or --token-file. The command simulate needs no token.
Each option is also an environment variable (ASGIGRAM_MAX_ATTEMPTS) and a key
in the configuration file (maxAttempts). Flags override variables, and
variables override the file.`,
    words: ["token", "application"],
    flags: FLAGS,
    examples: [
      ["asgigram simulate bot.ts", "Talk to your bot in the browser"],
      ["asgigram --token-file token bot.ts", "Serve it with the token in a file"],
      ["asgigram 1234:AbC mysite.asgi:bot -w 4", "Token, export, 4 worker threads"],
    ],
  },
  simulate: {
    summary: "Talk to a bot in the browser, without Telegram",
    usage: ["simulate [options] <application>"],
    about: `
Serves the application on a Bot API simulator, with you as its users, and
prints the address of the chat. It needs no token and sends nothing to
Telegram. The page also shows the bot's calls, makes faults, and kills and
reloads the server. Without a terminal it reads messages from standard input.`,
    words: ["application"],
    flags: FLAGS.filter(
      (key) => !["tokenFile", "apiUrl", "local", "proxy", "family"].includes(key) && !key.startsWith("webhook"),
    ),
    presets: { inbox: false, listen: false, local: false, proxy: false, family: "auto", webhook: false },
    defaults: { logLevel: "warn" },
    switches: {
      open: "Open the chat in the browser",
      terminal: "Talk to the bot in this terminal; one process has all",
    },
    values: { record: "File for a recording of the run, written at its end" },
    examples: [
      ["asgigram simulate bot.ts --open", "Talk to your bot"],
      ["asgigram simulate bot.ts --terminal", "Talk to it in this terminal"],
      ["echo hi | asgigram simulate bot.ts", "Send one message, print the answer"],
    ],
  },
  simulator: {
    summary: "Run a Bot API for tests of bots in any language",
    usage: ["simulator [options]"],
    about: `
Runs a Bot API on this machine, and nothing else: point the bot's library at
it. Each token that a bot uses has a fresh world of its own, so tests run side
by side. Tests act as the bot's users over HTTP, below /simulator; the file
/simulator/openapi.json describes how (docs/simulator.md). /healthz answers
while it runs. SIGTERM and SIGINT end it at once.`,
    words: [],
    flags: [],
    switches: {
      limits: "Refuse messages beyond Telegram's limits with 429",
      local: "Be a Bot API server with --local: large files, paths",
    },
    values: {
      listen: "Address; default 127.0.0.1:8081, port 0 is any free one",
      "allow-host": "Host names for /simulator and browsers besides localhost, with commas",
      record: "File for a recording of the run, written at its end; further bots get FILE-2, …",
    },
    examples: [
      ["asgigram simulator", "A Bot API at http://127.0.0.1:8081"],
      ["asgigram simulator --listen 0", "On any free port, which it prints"],
      ["asgigram simulator --listen :8081", "For containers and other machines"],
    ],
  },
  check: {
    summary: "Check if a bot can be served",
    usage: ["check [options] [token] <application>"],
    about: `
Checks everything that a start depends on: the configuration, the application
and its lifespan, the token, the webhook, the inbox, the address to listen on.
It does not poll, and changes nothing itself, so it can run beside the bot's
server. A bot's program is started, without its calls to Telegram.
The exit code is 0 if the bot can be served, else that of the first problem.`,
    words: ["token", "application"],
    flags: FLAGS,
    switches: { json: "Print one line of JSON" },
    examples: [
      ["asgigram check --token-file token bot.ts", "Can this bot be served?"],
      ["asgigram check bot.ts --delete-webhook", "Also if the webhook is deleted?"],
      ["asgigram check bot.ts --json", "For programs"],
    ],
  },
  config: {
    summary: "Show every setting and its source",
    usage: ["config [options] [token] [application]"],
    about: `
Shows the server's settings with these flags, in this environment and working
directory: every option with its value, the source of the value, and warnings.
It requires no option, starts nothing, and does not show the token.`,
    words: ["token", "application"],
    flags: FLAGS,
    switches: { json: "Print JSON" },
    examples: [
      ["asgigram config", "Settings of this environment"],
      ["asgigram config --config bot.json -w 4", "With a file and a flag"],
      ["asgigram config --json bot.ts", "For programs"],
    ],
  },
  inbox: {
    summary: "List, show, retry or drop dead letters; forget a chat",
    usage: [
      "inbox [options] list [--since|--error|--chat]",
      "inbox [options] show ID",
      "inbox [options] retry ID... | --all | --since|--error|--chat [--fresh]",
      "inbox [options] drop ID... | --all | --since|--error|--chat",
      "inbox [options] forget CHAT",
      "inbox [options] migrate [ROLE]",
      "inbox [options] copy FROM TO",
    ],
    about: `
Lists, shows, retries and drops dead letters: events at which the application
threw, and events that crashed a worker too often. It works with and without a
running server, and finds the inbox as the server does. Without a token it uses
the asgigram-*.sqlite in the working directory, if there is only one. forget
removes all that is stored of a chat: updates, dead letters, calls to it, and
its values of asgigram/storage. migrate makes the tables of an inbox in a
database, and grants a role their use. copy moves the inbox of servers that
are stopped from its file to a database, or back: one is a path, and one an
address.`,
    actions: INBOX_ACTIONS,
    flags: ["inbox", "inboxPasswordFile", "inboxPasswordCommand", "tokenFile", "config"],
    switches: {
      all: "Retry or drop all dead letters",
      fresh: "Retry without the calls that are recorded: all are made again",
      json: "List or show as JSON, one line each",
    },
    values: {
      since: "Dead letters since then: 30m, 2h, 7d, 2026-05-01T14:30",
      error: "Dead letters with this text in the reason",
      chat: "Dead letters of the chat with this id",
    },
    help: { inbox: "Inbox of the bot" },
    examples: [
      ["asgigram inbox list", "List the dead letters"],
      ["asgigram inbox --inbox bot.sqlite show 3", "Show one of them"],
      ["asgigram inbox retry --since 2h", "Deliver the latest again"],
    ],
  },
  nodes: {
    summary: "Show the servers that share an inbox in a database",
    usage: ["nodes [options]"],
    about: `
Prints a line for each server that shares the inbox: its name (--node-name),
if it polls, how many of the 256 shards it has, and its unsettled events. It
asks the database, so it works on any machine, and needs the bot's token.`,
    words: [],
    flags: ["inbox", "inboxPasswordFile", "inboxPasswordCommand", "tokenFile", "config"],
    switches: { json: "Print JSON, one line each" },
    help: { inbox: "Address of the inbox" },
    examples: [
      ["asgigram nodes --inbox postgres://bot@db/bots", "Which machine has what?"],
      ["asgigram nodes --json", "For programs"],
    ],
  },
  health: {
    summary: "Ask a running server for its health",
    usage: ["health [options]"],
    about: `
Asks the running server if it is alive, and prints one line. The address comes
from --listen, ASGIGRAM_LISTEN or the configuration file; the default is
127.0.0.1:8082. The exit code is 0 if the server is alive, else 1, also if it
does not answer within three seconds. A container's health check can use this:
it needs no token.`,
    words: [],
    flags: ["listen", "config"],
    switches: { ready: "Also ask if the server does its work; print the reasons if not" },
    help: { listen: "Address of the server" },
    examples: [
      ["asgigram health", "Is the server alive?"],
      ["asgigram health --ready", "Does it poll, with all its workers?"],
      ["asgigram health --listen :9000", "Ask a server on port 9000"],
    ],
  },
  completion: {
    summary: "Print a shell completion script",
    usage: ["completion"],
    about: `
Prints a script for bash, or for zsh if the variable SHELL names it. With the
script the shell completes commands, flags and their values.`,
    words: [],
    flags: [],
    examples: [
      ["source <(asgigram completion)", "For this bash"],
      ["asgigram completion >> ~/.bashrc", "For every bash from now on"],
      ["asgigram completion >> ~/.zshrc", "For every zsh from now on"],
    ],
  },
};

export function isCommand(word: unknown): word is CommandName {
  return typeof word === "string" && Object.hasOwn(COMMANDS, word);
}
