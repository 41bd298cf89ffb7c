/**
 * Every option of asgigram, once. Flags, environment variables, keys of the configuration file and its schema, the type
 * `Config`, `--help` and docs/options.md all derive from this table. A new option is one more row, and the code that uses it.
 *
 * The file is longer than others because each option is a row of it.
 */

import { LONGEST_TIMER } from "../protocol/longest-timer.ts";
import { UPDATE_KINDS } from "../protocol/route.ts";
import { MACHINE, usefulThreads } from "./machine.ts";

/** A row. Its key is the name in the configuration file; `flagOf` and `environmentOf` give the other names. */
export interface Option {
  readonly type: keyof ValueTypes | "choice";
  /** One line, without a full stop. */
  readonly help: string;
  readonly group: string;
  /** The flag's one-letter form. */
  readonly alias?: string;
  /** An argument, not a flag. */
  readonly positional?: true;
  /** The reason for not allowing the option in the configuration file. */
  readonly notInFile?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** `off`, `--no-<flag>` and `false` turn the option off. Its setting is then `false`. */
  readonly canBeOff?: true;
  /** The value of a flag without a value. */
  readonly alone?: string;
  readonly default?: unknown;
  /** The default in words, if the value is not clear or depends on other options. */
  readonly defaultText?: string;
  /** A typical value, if neither the default nor the help shows one. */
  readonly example?: unknown;
}

/** The type of a setting for each type of option. */
interface ValueTypes {
  string: string;
  path: string;
  /** A file, or the address of a database. */
  inbox: string;
  url: string;
  proxy: string;
  /** `host:port`, an IPv6 host in brackets. */
  address: string;
  integer: number;
  number: number;
  boolean: boolean;
  list: readonly string[];
  /** Packages and files, as import has them. */
  modules: readonly string[];
  /** Commands of the bot: `/stop`. */
  commands: readonly string[];
}

/** Whole seconds of the longest timer. */
const LONGEST_WAIT = Math.floor(LONGEST_TIMER / 1000);

export const OPTIONS = {
  token: {
    type: "string",
    positional: true,
    notInFile: "it is a secret: put it into a file of its own, and name that file with tokenFile",
    group: "Bot",
    help: "Bot token from @BotFather",
  },
  application: {
    type: "string",
    positional: true,
    example: "bot.ts:application",
    group: "Bot",
    help: "Application: path/to/app.ts:name, package:name or dotted.path:name",
  },
  tokenFile: {
    type: "path",
    example: "/run/secrets/token",
    group: "Bot",
    help: "File with the token, which keeps it out of ps and env; /dev/fd/3 is read once and closed",
  },
  exposeToken: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "Leave the token in the environment of a bot's program; otherwise it gets a stand-in",
  },
  apiUrl: {
    type: "url",
    default: "https://api.telegram.org",
    example: "http://127.0.0.1:8081",
    group: "Bot",
    help: "URL of the Bot API server",
  },
  local: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "The Bot API server runs with --local and shares this machine's files",
  },
  proxy: {
    type: "proxy",
    canBeOff: true,
    defaultText: "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
    example: "socks5://127.0.0.1:1080",
    group: "Bot",
    help: "Proxy URL; --no-proxy connects directly",
  },
  family: {
    type: "choice",
    choices: ["auto", "4", "6"],
    default: "auto",
    group: "Bot",
    help: "IP version: auto, 4 or 6",
  },
  allowedUpdates: {
    type: "list",
    default: Object.freeze([...UPDATE_KINDS]),
    defaultText: "every kind",
    example: Object.freeze(["message", "callback_query"]),
    group: "Bot",
    help: "Update kinds to receive, separated by commas",
  },
  dropPending: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "Drop all waiting updates at the start",
  },
  deleteWebhook: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "Delete the bot's webhook at the start; without this flag a webhook is an error",
  },
  webhook: {
    type: "url",
    canBeOff: true,
    default: false,
    example: "https://bot.example.com",
    group: "Webhook",
    help: "Receive updates by webhook at this public URL instead of polling",
  },
  webhookListen: {
    type: "address",
    default: "127.0.0.1:8443",
    example: "0.0.0.0:8443",
    group: "Webhook",
    help: "Address on which the webhook's requests arrive, from a proxy or from Telegram",
  },
  webhookMaxConnections: {
    type: "integer",
    min: 1,
    max: 100_000,
    default: 40,
    example: 1,
    group: "Webhook",
    help: "Updates that Telegram sends at once; with 1 it sends one after the other",
  },
  webhookCertificate: {
    type: "path",
    canBeOff: true,
    default: false,
    example: "/etc/bot/certificate.pem",
    group: "Webhook",
    help: "Self-signed certificate, which Telegram is given",
  },
  webhookKey: {
    type: "path",
    canBeOff: true,
    default: false,
    example: "/etc/bot/key.pem",
    group: "Webhook",
    help: "Private key of --webhook-certificate: no proxy is needed for TLS",
  },
  workers: {
    type: "integer",
    alias: "w",
    min: 1,
    max: 256,
    default: Math.min(usefulThreads(MACHINE), 256),
    defaultText: "one per CPU core, no more than the CPU quota; one for a bot's program",
    group: "Application",
    help: "Worker threads, 1 to 256",
  },
  line: {
    type: "choice",
    choices: ["chat", "topic", "member"],
    default: "chat",
    group: "Application",
    help: "Instances and order of events: one per chat, per forum topic, or per member of a group",
  },
  urgent: {
    type: "commands",
    default: Object.freeze([]),
    defaultText: "none",
    example: Object.freeze(["/stop", "/cancel"]),
    group: "Application",
    help: "Commands that are delivered at once, past their line, separated by commas",
  },
  maxApplications: {
    type: "integer",
    alias: "m",
    min: 1,
    canBeOff: true,
    default: false,
    defaultText: "no limit",
    example: 10_000,
    group: "Application",
    help: "Maximum of instances at once, over all workers",
  },
  // Off by default: a conversation may pause for a week, its instance costs about a kilobyte, and dropping it loses its
  // variables.
  idleTimeout: {
    type: "number",
    unit: "seconds",
    min: 0.001,
    max: LONGEST_WAIT,
    canBeOff: true,
    default: false,
    example: 3600,
    group: "Application",
    help: "Drop an instance after so many idle seconds",
  },
  workerMemory: {
    type: "integer",
    unit: "megabytes",
    min: 16,
    max: 1_000_000,
    canBeOff: true,
    default: false,
    defaultText: "Node.js's own",
    example: 512,
    group: "Application",
    help: "Limit of each worker's JavaScript heap in megabytes; Buffers do not count, see --memory-limit",
  },
  eventTimeout: {
    type: "number",
    unit: "seconds",
    min: 0.001,
    max: LONGEST_WAIT,
    canBeOff: true,
    default: false,
    example: 60,
    group: "Application",
    help: "Longest work at an event in seconds; then it is a dead letter",
  },
  // A minute of one turn of the event loop: longer than any computation that a bot should do inline, shorter than the patience of
  // the chats that wait behind it.
  stallTimeout: {
    type: "number",
    unit: "seconds",
    min: 2,
    max: LONGEST_WAIT,
    canBeOff: true,
    default: 60,
    example: 30,
    group: "Application",
    help: "Replace a worker whose event loop is stuck for so many seconds",
  },
  memoryLimit: {
    type: "integer",
    unit: "megabytes",
    min: 64,
    max: 10_000_000,
    canBeOff: true,
    default: mostMemory(),
    defaultText: "90 % of the container's limit",
    example: 2000,
    group: "Application",
    help: "Replace the largest worker if the process uses more megabytes",
  },
  recycleAfter: {
    type: "integer",
    unit: "events",
    min: 1,
    canBeOff: true,
    default: false,
    example: 1_000_000,
    group: "Application",
    help: "Replace a worker after so many events",
  },
  reload: {
    type: "boolean",
    default: false,
    group: "Application",
    help: "Replace the workers when the application's files change",
  },
  interface: {
    type: "choice",
    choices: ["auto", "asgi3", "asgi2"],
    default: "auto",
    group: "Application",
    help: "ASGI version: auto, asgi3 or asgi2",
  },
  import: {
    type: "modules",
    default: Object.freeze([]),
    defaultText: "none",
    example: Object.freeze(["tsx"]),
    group: "Application",
    help: "Modules that every thread imports before the application, separated by commas",
  },
  lifespan: {
    type: "choice",
    choices: ["auto", "on", "off"],
    default: "auto",
    group: "Application",
    help: "Lifespan events: auto, on or off",
  },
  inbox: {
    type: "inbox",
    canBeOff: true,
    defaultText: "asgigram-<bot id>.sqlite",
    example: "/data/bot.sqlite",
    group: "Delivery",
    help: "File, or postgres:// address, that keeps updates until they are settled; --no-inbox keeps them in memory",
  },
  inboxPasswordFile: {
    type: "path",
    example: "/run/secrets/database",
    group: "Delivery",
    help: "File with the password of the inbox's database, read at each connection",
  },
  inboxPasswordCommand: {
    type: "string",
    example: "aws rds generate-db-auth-token --hostname $PGHOST --port $PGPORT --username $PGUSER",
    group: "Delivery",
    help: "Shell command that prints the password of the inbox's database, run at each connection",
  },
  nodeName: {
    type: "string",
    defaultText: "the name of the host",
    example: "bot-1",
    group: "Delivery",
    help: "Name of this server among those that share the inbox in a database",
  },
  journal: {
    type: "boolean",
    default: true,
    group: "Delivery",
    help: "Record calls until their event is settled, so that a crash repeats none; --no-journal does not",
  },
  uncertain: {
    type: "choice",
    choices: ["repeat", "reject"],
    default: "repeat",
    group: "Delivery",
    help: "Calls that a crash kept from being recorded: repeat or reject, when their event is delivered again",
  },
  maxAttempts: {
    type: "integer",
    min: 1,
    max: 1000,
    default: 3,
    group: "Delivery",
    help: "Crashes by one event before it becomes a dead letter",
  },
  retry: {
    type: "integer",
    min: 0,
    max: 1000,
    default: 0,
    group: "Delivery",
    help: "Attempts after a throw before the event becomes a dead letter, after 0.1 s, 0.2 s, … 60 s; its chat waits",
  },
  breaker: {
    type: "boolean",
    default: false,
    defaultText: "on with --retry",
    group: "Delivery",
    help: "Hold events while most chats' events throw the same error, and try one at a time until one passes",
  },
  onFailure: {
    type: "string",
    canBeOff: true,
    default: false,
    example: "Something went wrong. Please try again.",
    group: "Delivery",
    help: "Text for a chat whose message or button press became a dead letter",
  },
  rateLimit: {
    type: "number",
    unit: "messages",
    min: 0.1,
    max: 10_000,
    canBeOff: true,
    default: false,
    example: 30,
    group: "Delivery",
    help: "Maximum of messages per second, over all chats and all servers of an inbox in a database",
  },
  maxAge: {
    type: "number",
    unit: "seconds",
    min: 1,
    max: 1e9,
    canBeOff: true,
    default: false,
    example: 3600,
    group: "Delivery",
    help: "Drop updates older than so many seconds at the start",
  },
  inboxLimit: {
    type: "integer",
    min: 1,
    max: 1e9,
    default: 1_000_000,
    group: "Delivery",
    help: "Unsettled updates in the inbox at which polling pauses",
  },
  deadLetterLimit: {
    type: "integer",
    min: 0,
    max: 1e9,
    default: 10_000,
    group: "Delivery",
    help: "Dead letters to keep; the oldest are deleted first",
  },
  deadLetterAge: {
    type: "number",
    unit: "seconds",
    min: 0,
    max: 1e9,
    default: 30 * 24 * 3600,
    defaultText: "30 days",
    group: "Delivery",
    help: "Seconds to keep a dead letter",
  },
  sessionAge: {
    type: "number",
    unit: "seconds",
    min: 1,
    max: 1e9,
    canBeOff: true,
    default: false,
    example: 7_776_000,
    group: "Delivery",
    help: "Remove values of asgigram/storage that were not written for so many seconds",
  },
  shutdownTimeout: {
    type: "number",
    unit: "seconds",
    min: 0,
    max: LONGEST_WAIT,
    default: 8,
    group: "Delivery",
    help: "Longest shutdown in seconds",
  },
  listen: {
    type: "address",
    canBeOff: true,
    default: false,
    alone: "127.0.0.1:8082",
    example: "127.0.0.1:8082",
    group: "Observation",
    help: "Address of /healthz, /readyz and /metrics",
  },
  logLevel: {
    type: "choice",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    default: "info",
    group: "Logging",
    help: "Log level: trace, debug, info, warn, error, fatal or silent",
  },
  verbosity: {
    type: "integer",
    alias: "v",
    min: 0,
    max: 3,
    group: "Logging",
    help: "Log level as a number: 0 warn, 1 info, 2 debug, 3 trace; -v is 2, -vv is 3",
  },
  logFormat: {
    type: "choice",
    choices: ["auto", "pretty", "json"],
    default: "auto",
    group: "Logging",
    help: "Log format: auto, pretty or json",
  },
  config: {
    type: "path",
    notInFile: "it names that file",
    group: "Configuration",
    help: "Configuration file: JSON, or a module that exports the options",
  },
} as const satisfies Record<string, Option>;

/** 90 % of the memory limit of the container in megabytes; false without a limit. */
function mostMemory(): number | false {
  const most = Math.floor((0.9 * (MACHINE.memory ?? 0)) / 2 ** 20);
  return most >= 64 ? most : false;
}

/** The name of an option in the configuration file, in camel case. */
export type OptionKey = keyof typeof OPTIONS;

export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[];

/** The type of an option's setting. */
export type ValueOf<Key extends OptionKey> = RowValue<(typeof OPTIONS)[Key]>;

type RowValue<Row extends Option> =
  | (Row extends { choices: readonly (infer Choice)[] } ? Choice : Plain<Row["type"]>)
  | Off<Row>;
type Plain<Type> = Type extends keyof ValueTypes ? ValueTypes[Type] : never;
type Off<Row> = Row extends { canBeOff: true } ? false : never;

/** The options of a configuration file. */
export type FileOptions = {
  readonly [Key in OptionKey as (typeof OPTIONS)[Key] extends { notInFile: string } ? never : Key]?: ValueOf<Key>;
};

/** The row, as the general type. */
export function optionAt(key: OptionKey): Option {
  return OPTIONS[key];
}

export function isOptionKey(key: string): key is OptionKey {
  return Object.hasOwn(OPTIONS, key);
}

/** `maxAttempts` -> `max-attempts` */
export function flagOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `maxAttempts` -> `ASGIGRAM_MAX_ATTEMPTS` */
export function environmentOf(key: string): string {
  return `ASGIGRAM_${flagOf(key).replaceAll("-", "_").toUpperCase()}`;
}

/** The default in words; undefined without a default. */
export function defaultOf(option: Pick<Option, "default" | "defaultText">): string | undefined {
  if (option.defaultText !== undefined || option.default === undefined) return option.defaultText;
  return option.default === false ? "off" : String(option.default);
}
