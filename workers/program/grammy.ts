/** Watches a copy of grammY. */

import type { Fetch } from "./fetch.ts";
import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot } from "./found-bot.ts";

interface GrammyBot {
  readonly token: string;
  errorHandler(error: unknown): unknown;
  isInited(): boolean;
  init(): Promise<void>;
  handleUpdate(update: object): Promise<void>;
}

/** True once the runner is loaded: run(bot) handles a chat's updates side by side, unless the bot says otherwise. */
let hasRunner = false;

export function watchRunner(): void {
  hasRunner = true;
}

export function watchGrammy({ exports, load, library }: Copy, { onSeen, onStarted, wrapFetch }: LibraryWatch): void {
  const { prototype } = exports.Bot as { prototype: object };
  const BotError = exports.BotError as new () => { error: unknown };
  /** Bots with an error handler of their own. The default one stops the bot. */
  const handled = new WeakSet<GrammyBot>();
  /** Bots that handle one update after another. */
  const sequential = new WeakSet<GrammyBot>();
  const found = oncePerBot(
    (bot: GrammyBot): FoundBot => ({
      token: bot.token,
      library,
      get overlaps() {
        return hasRunner && !sequential.has(bot);
      },
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
    }),
  );
  before(prototype, "use", (bot: GrammyBot) => onSeen(bot, found(bot)));
  before(prototype, "init", (bot: GrammyBot) => {
    // run(bot) of the runner calls it, and start() after it was noted.
    if (hasRunner) onStarted(bot, found(bot), "run(bot)");
    else onSeen(bot, found(bot));
  });
  before(prototype, "start", (bot: GrammyBot) => {
    sequential.add(bot);
    onStarted(bot, found(bot), "bot.start()");
  });
  before(prototype, "catch", (bot: GrammyBot) => handled.add(bot));
  // grammY 1 reads it whenever it makes a client.
  const nodeFetch = load("node-fetch") as { default: Fetch };
  nodeFetch.default = wrapFetch(nodeFetch.default);
}
