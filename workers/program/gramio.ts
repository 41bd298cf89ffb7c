/** Watches a copy of GramIO. It calls the Bot API with the global fetch. */

import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot } from "./found-bot.ts";

interface GramioBot {
  readonly options: { readonly token: string };
  readonly info: object | undefined;
  readonly hooks: { readonly onError: readonly unknown[] };
  readonly updates: { handleUpdate(update: object): Promise<unknown> };
  init(): Promise<unknown>;
  errorHandler(context: object, error: unknown): unknown;
}

export function watchGramio({ exports, library }: Copy, { onSeen, onStarted }: LibraryWatch): void {
  const { prototype } = exports.Bot as { prototype: GramioBot };
  const found = oncePerBot(
    (bot: GramioBot): FoundBot => ({
      token: bot.options.token,
      library,
      overlaps: true,
      async handle(update) {
        if (bot.info === undefined) await bot.init();
        // GramIO takes the second key for the kind of update.
        const { update_id, ...kind } = update as { update_id: number };
        await bot.updates.handleUpdate({ update_id, ...kind });
      },
    }),
  );
  for (const method of ["use", "on", "command", "init"])
    before(prototype, method, (bot: GramioBot) => onSeen(bot, found(bot)));
  before(prototype, "start", (bot: GramioBot) => onStarted(bot, found(bot), "bot.start()"));
  const { errorHandler } = prototype;
  // The default one prints the error with the whole context.
  prototype.errorHandler = function (this: GramioBot, context, error) {
    if (this.hooks.onError.length === 0) throw error;
    return errorHandler.call(this, context, error);
  };
}
