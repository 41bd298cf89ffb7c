/** Watches a copy of GramIO. It calls the Bot API with the global fetch. */

import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot } from "./found-bot.ts";

interface GramioBot {
  readonly options: { readonly token: string };
  readonly info: object | undefined;
  readonly hooks: { readonly onError: readonly unknown[]; readonly preRequest: readonly unknown[] };
  readonly updates: { handleUpdate(update: object): Promise<unknown> };
  init(): Promise<unknown>;
  errorHandler(context: object, error: unknown): unknown;
}

/** Methods by which programs give a bot its handlers: each goes to the bot's composer by itself. */
const METHODS = [
  ...["use", "on", "group", "hears", "command", "startParameter", "reaction"],
  ...["callbackQuery", "inlineQuery", "chosenInlineResult", "guestQuery", "init"],
];

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
  for (const method of METHODS.filter((name) => name in prototype))
    before(prototype, method, (bot: GramioBot) => onSeen(bot, found(bot)));
  before(prototype, "extend", (bot: GramioBot) => {
    // The first is the constructor's own.
    if (bot.hooks.preRequest.length > 0) onSeen(bot, found(bot));
  });
  before(prototype, "start", (bot: GramioBot) => onStarted(bot, found(bot), "bot.start()"));
  const { errorHandler } = prototype;
  // The default one prints the error with the whole context.
  prototype.errorHandler = function (this: GramioBot, context, error) {
    if (this.hooks.onError.length === 0) throw error;
    return errorHandler.call(this, context, error);
  };
}
