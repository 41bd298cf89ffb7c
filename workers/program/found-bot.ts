/** A bot that a program has made with a library, and the watch of its library. */

import type { Fetch } from "./fetch.ts";
import type { LocalBotApi } from "./local-bot-api.ts";

export interface FoundBot {
  readonly token: string | null | undefined;
  /** Name and version: `grammY 1.46.0`. */
  readonly library: string;
  /** The library begins a chat's next update while the handler of the one before still runs. */
  readonly overlaps: boolean;
  /** Rejects as the bot's own code does, unless the bot handles its errors. */
  handle(update: object): Promise<void>;
}

/** Receives what a copy of a library tells of its bots. */
export interface LibraryWatch {
  /** Answers the bot's calls. */
  readonly api: LocalBotApi;
  /** @returns the function that is called in the place of node-fetch */
  wrapFetch(original: Fetch): Fetch;
  /** The program has made a bot. */
  onSeen(bot: object, found: FoundBot): void;
  /** The program starts a bot, in this way: `bot.start()`. */
  onStarted(bot: object, found: FoundBot, started: string): void;
  /** A bot that is started is not ready for updates before the promise resolves. */
  onHeld(ready: Promise<void>): void;
}

/** A copy of a library: its exports, and the require() of its own files. */
export interface Copy {
  readonly exports: Record<string, unknown>;
  readonly load: NodeJS.Require;
  /** Name and version. */
  readonly library: string;
}

type BotMethods = Record<string, (...args: unknown[]) => unknown>;

/** Takes note of each call of a method. */
export function before<This>(prototype: object, name: string, note: (self: This) => void): void {
  const methods = prototype as BotMethods;
  const method = methods[name]!;
  methods[name] = function (this: This, ...args) {
    note(this);
    return method.apply(this, args);
  };
}

/** @returns the function that describes a bot, once for each */
export function oncePerBot<Bot extends object>(describe: (bot: Bot) => FoundBot): (bot: Bot) => FoundBot {
  const known = new WeakMap<Bot, FoundBot>();
  return (bot) => {
    const found = known.get(bot) ?? describe(bot);
    known.set(bot, found);
    return found;
  };
}

/** An error handler in the place of a library's default: the server is to see the error. */
export function rethrow(error: unknown): never {
  throw error;
}
