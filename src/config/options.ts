/**
 * Every option of asgigram, once. Flags, environment variables, keys of the configuration file and its schema, the type
 * `Config`, `--help` and docs/options.md all come from this table: a new option is one more row, and the code that obeys it.
 */

import { availableParallelism, totalmem } from "node:os";
import { UPDATE_KINDS } from "../protocol/route.ts";

/** A row. Its key in the table is the key in the configuration file; `flagOf` and `environmentOf` give its other names. */
export interface Option {
  readonly type: keyof ValueTypes | "choice";
  /** One line, without a full stop. */
  readonly help: string;
  readonly group: string;
  /** The flag's one-letter form. */
  readonly alias?: string;
  /** Given by its place on the command line, not by a flag. */
  readonly positional?: true;
  /** Why it cannot stand in the configuration file. */
  readonly notInFile?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** Takes `off` for a value, `--no-<flag>` and `false` mean the same; the configuration then has `false`. */
  readonly canBeOff?: true;
  /** What the flag means where no value follows it. */
  readonly alone?: string;
  readonly default?: unknown;
  /** The default in words, where the value would not tell, or is not known before the other options are. */
  readonly defaultText?: string;
  /** A value that somebody might want, where neither the default nor the help shows one. */
  readonly example?: unknown;
}

/** What an option of each type is in the configuration. */
interface ValueTypes {
  string: string;
  path: string;
  url: string;
  proxy: string;
  /** `host:port`, the host of IPv6 in brackets. */
  address: string;
  integer: number;
  number: number;
  boolean: boolean;
  list: readonly string[];
}

/** The longest time that a timer of Node.js can wait: 2^31 - 1 ms. */
const LONGEST_TIMER = 2_147_483;

export const OPTIONS = {
  token: {
    type: "string",
    positional: true,
    notInFile: "it is a secret: put it into a file of its own and name that file with tokenFile",
    group: "Bot",
    help: "The bot's token, from @BotFather",
  },
  application: {
    type: "string",
    positional: true,
    example: "bot.ts:application",
    group: "Bot",
    help: "The application, as path/to/app.ts:name, package:name or dotted.path:name",
  },
  tokenFile: {
    type: "path",
    example: "/run/secrets/token",
    group: "Bot",
    help: "File with the token: keeps it out of ps and env",
  },
  apiUrl: {
    type: "url",
    default: "https://api.telegram.org",
    example: "http://127.0.0.1:8081",
    group: "Bot",
    help: "Bot API server",
  },
  local: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "That server runs with --local and shares this machine's files",
  },
  proxy: {
    type: "proxy",
    canBeOff: true,
    defaultText: "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
    example: "socks5://127.0.0.1:1080",
    group: "Bot",
    help: "Way to the Bot API server; --no-proxy goes straight there",
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
    help: "Kinds to get, separated by commas",
  },
  dropPending: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "Forget the updates that wait at Telegram at the start",
  },
  deleteWebhook: {
    type: "boolean",
    default: false,
    group: "Bot",
    help: "Remove a webhook that is set, rather than give up",
  },
  workers: {
    type: "integer",
    alias: "w",
    min: 1,
    max: 256,
    default: Math.min(availableParallelism(), 256),
    defaultText: "one per CPU core",
    group: "Application",
    help: "Worker threads, 1 to 256",
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
    help: "Instances at once, in all workers",
  },
  // Off by default: a conversation may pause for a week, its instance costs about a kilobyte, and dropping it loses what it
  // keeps in its variables.
  idleTimeout: {
    type: "number",
    unit: "seconds",
    min: 0.001,
    max: LONGEST_TIMER,
    canBeOff: true,
    default: false,
    example: 3600,
    group: "Application",
    help: "Drop an instance idle so many seconds",
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
    help: "Heap per worker in megabytes",
  },
  stallTimeout: {
    type: "number",
    unit: "seconds",
    min: 2,
    max: LONGEST_TIMER,
    canBeOff: true,
    default: false,
    example: 30,
    group: "Application",
    help: "Replace a worker stuck so many seconds",
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
    help: "Replace the largest worker when the process has more megabytes",
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
  lifespan: {
    type: "choice",
    choices: ["auto", "on", "off"],
    default: "auto",
    group: "Application",
    help: "Startup and shutdown: auto, on or off",
  },
  inbox: {
    type: "path",
    canBeOff: true,
    defaultText: "asgigram-<bot id>.sqlite",
    example: "/data/bot.sqlite",
    group: "Delivery",
    help: "File that keeps updates until they are settled; --no-inbox keeps them in memory",
  },
  maxAttempts: {
    type: "integer",
    min: 1,
    max: 1000,
    default: 3,
    group: "Delivery",
    help: "Crashes that one event may cause",
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
    help: "Messages per second, over all chats",
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
  deadLetterLimit: {
    type: "integer",
    min: 0,
    max: 1e9,
    default: 10_000,
    group: "Delivery",
    help: "Dead letters kept; oldest go first",
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
  shutdownTimeout: {
    type: "number",
    unit: "seconds",
    min: 0,
    max: LONGEST_TIMER,
    default: 8,
    group: "Delivery",
    help: "Seconds that a shutdown may take",
  },
  listen: {
    type: "address",
    canBeOff: true,
    default: false,
    alone: "127.0.0.1:8082",
    example: "127.0.0.1:8082",
    group: "Observation",
    help: "Serve /healthz, /readyz and /metrics here",
  },
  logLevel: {
    type: "choice",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    default: "info",
    group: "Logging",
    help: "trace, debug, info, warn, error, fatal or silent",
  },
  verbosity: {
    type: "integer",
    alias: "v",
    min: 0,
    max: 3,
    group: "Logging",
    help: "0 warn, 1 info, 2 debug, 3 trace; -v is 2, -vv is 3",
  },
  logFormat: {
    type: "choice",
    choices: ["auto", "pretty", "json"],
    default: "auto",
    group: "Logging",
    help: "auto, pretty or json",
  },
  config: {
    type: "path",
    notInFile: "it names that file",
    group: "Configuration",
    help: "File of options: JSON, or a module that exports them",
  },
} as const satisfies Record<string, Option>;

/** In a container that may have only so much, some less, in megabytes. */
function mostMemory(): number | false {
  const limit = process.constrainedMemory();
  const most = Math.floor((0.9 * limit) / 2 ** 20);
  return limit < totalmem() && most >= 64 ? most : false;
}

/** The name of an option in the configuration file, in camel case. */
export type OptionKey = keyof typeof OPTIONS;

export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[];

/** The value that an option has once it is read. */
export type ValueOf<Key extends OptionKey> = RowValue<(typeof OPTIONS)[Key]>;

type RowValue<Row extends Option> =
  | (Row extends { choices: readonly (infer Choice)[] } ? Choice : Plain<Row["type"]>)
  | Off<Row>;
type Plain<Type> = Type extends keyof ValueTypes ? ValueTypes[Type] : never;
type Off<Row> = Row extends { canBeOff: true } ? false : never;

/** What a configuration file may say. */
export type FileOptions = {
  readonly [Key in OptionKey as (typeof OPTIONS)[Key] extends { notInFile: string } ? never : Key]?: ValueOf<Key>;
};

/** The row, whichever it is. */
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

/** The default in words; undefined where there is none to speak of. */
export function defaultOf(option: Pick<Option, "default" | "defaultText">): string | undefined {
  if (option.defaultText !== undefined || option.default === undefined) return option.defaultText;
  return option.default === false ? "off" : String(option.default);
}
