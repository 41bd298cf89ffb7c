/**
 * Bot libraries: watches which are loaded, and takes note of the bot that the program starts. Each copy of a library is watched, and
 * methods are only wrapped to note `this`.
 */

import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

export interface FoundBot {
  readonly token: string;
  /** As the program started it: `bot.start()`. */
  readonly started: string;
  /** Name and version: `grammY 1.46.0`. */
  readonly library: string;
  /** Rejects as the bot's own code does, unless the bot handles its errors. */
  handle(update: object): Promise<void>;
}

type Fetch = typeof globalThis.fetch;

export interface LibraryWatch {
  /** A library is loaded. */
  onLoaded(library: string): void;
  /** The program starts a bot. */
  onStarted(bot: FoundBot): void;
  /** @returns the function that is called in the place of node-fetch */
  wrapFetch(original: Fetch): Fetch;
}

/** A copy of a library: its exports, and a require() as its own files have it. */
interface Copy {
  readonly exports: Record<string, unknown>;
  readonly require: NodeJS.Require;
  readonly library: string;
}

/** Entry files of libraries, after `node_modules/`. */
const LIBRARIES: Record<string, { name: string; watch(copy: Copy, to: LibraryWatch): void }> = {
  "grammy/out/mod.js": { name: "grammY", watch: watchGrammy },
};

const ENTRY = new RegExp(`/node_modules/(${Object.keys(LIBRARIES).join("|").replaceAll(".", "\\.")})$`);

/** @returns ends the watch for further libraries */
export function watchLibraries(to: LibraryWatch): () => void {
  const seen = new Set<string>();
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const match = ENTRY.exec(resolved.url);
      if (match !== null && !seen.has(resolved.url)) {
        seen.add(resolved.url);
        const { name, watch } = LIBRARIES[match[1]!]!;
        const path = fileURLToPath(resolved.url);
        const require = createRequire(path);
        const library = `${name} ${versionBeside(resolved.url)}`;
        to.onLoaded(library);
        watch({ exports: require(path), require, library }, to);
      }
      return resolved;
    },
  });
  return () => hooks.deregister();
}

function versionBeside(entry: string): string {
  return JSON.parse(readFileSync(new URL("../package.json", entry), "utf8")).version;
}

interface GrammyBot {
  readonly token: string;
  errorHandler(error: unknown): unknown;
  isInited(): boolean;
  init(): Promise<void>;
  handleUpdate(update: object): Promise<void>;
}

function watchGrammy({ exports, require, library }: Copy, { onStarted, wrapFetch }: LibraryWatch): void {
  const { prototype } = exports.Bot as { prototype: Record<string, (...args: unknown[]) => unknown> };
  const BotError = exports.BotError as new () => { error: unknown };
  /** Bots with an error handler of their own. The default one stops the bot. */
  const handled = new WeakSet<GrammyBot>();
  const found = (bot: GrammyBot, started: string): FoundBot => ({
    token: bot.token,
    started,
    library,
    async handle(update) {
      if (!bot.isInited()) await bot.init();
      try {
        await bot.handleUpdate(update);
      } catch (error) {
        // The server is to see what the handler threw: BotError is around it, with the whole context.
        if (!handled.has(bot)) throw error instanceof BotError ? error.error : error;
        await bot.errorHandler(error);
      }
    },
  });
  // run(bot) of the runner calls init().
  before(prototype, "init", (bot: GrammyBot) => onStarted(found(bot, "bot.init()")));
  before(prototype, "start", (bot: GrammyBot) => onStarted(found(bot, "bot.start()")));
  before(prototype, "catch", (bot: GrammyBot) => handled.add(bot));
  // grammY 1 reads it whenever it makes a client.
  const nodeFetch = require("node-fetch") as { default: Fetch };
  nodeFetch.default = wrapFetch(nodeFetch.default);
}

/** Takes note of each call of a method. */
function before<This>(
  prototype: Record<string, (...args: unknown[]) => unknown>,
  name: string,
  note: (self: This) => void,
): void {
  const method = prototype[name]!;
  prototype[name] = function (this: This, ...args) {
    note(this);
    return method.apply(this, args);
  };
}
