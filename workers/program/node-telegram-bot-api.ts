/** Watches a copy of node-telegram-bot-api: version 2 has middleware, and those before it emit events. */

import { before, type Copy, type FoundBot, type LibraryWatch, oncePerBot, rethrow } from "./found-bot.ts";

export function watchNodeTelegramBotApi(copy: Copy, to: LibraryWatch): void {
  if (copy.exports.Bot === undefined) watchEmitter(copy, to);
  else watchMiddleware(copy, to);
}

// ---- version 2 ----

interface MiddlewareBot {
  readonly api: { readonly transport?: { readonly token?: string } };
  errorHandler: unknown;
  handleUpdate(update: object): Promise<void>;
}

function watchMiddleware({ exports, library }: Copy, { onSeen, onStarted }: LibraryWatch): void {
  const Bot = exports.Bot as { new (token: string): MiddlewareBot; prototype: MiddlewareBot };
  const { errorHandler } = new Bot("0:none");
  const found = oncePerBot((bot: MiddlewareBot): FoundBot => {
    // The default one prints the error.
    if (bot.errorHandler === errorHandler) bot.errorHandler = rethrow;
    return {
      token: bot.api.transport?.token ?? "",
      library,
      overlaps: false,
      handle: (update) => bot.handleUpdate(update),
    };
  });
  before(Bot.prototype, "use", (bot: MiddlewareBot) => onSeen(bot, found(bot)));
  before(Bot.prototype, "startPolling", (bot: MiddlewareBot) => onStarted(bot, found(bot), "bot.startPolling()"));
}

// ---- versions 0 ----

interface Listener {
  readonly fn: (...args: unknown[]) => unknown;
  readonly context: unknown;
  readonly once: boolean;
}

interface EmitterBot {
  readonly token: string;
  readonly options: { readonly polling?: unknown };
  /** The listeners, as eventemitter3 has them. */
  readonly _events: { readonly [event: string]: Listener | Listener[] | undefined };
  processUpdate(update: object): void;
  emit(event: string, ...args: unknown[]): boolean;
  removeListener(event: string, listener: Listener["fn"], context: undefined, once: boolean): void;
  onText(regexp: RegExp, callback: Callback): unknown;
  onReplyToMessage(chat: unknown, message: unknown, callback: Callback): unknown;
}

type Callback = (...args: unknown[]) => unknown;

/** Results of the listeners of the update that is being processed. */
let results: unknown[] | undefined;

function watchEmitter({ exports, library }: Copy, { onSeen, onStarted }: LibraryWatch): void {
  const { prototype } = exports as unknown as { prototype: EmitterBot };
  const found = oncePerBot(
    (bot: EmitterBot): FoundBot => ({
      token: bot.token,
      library,
      overlaps: true,
      handle: (update) => handle(bot, update),
    }),
  );
  collectResults(prototype);
  for (const method of ["on", "onText"]) before(prototype, method, (bot: EmitterBot) => onSeen(bot, found(bot)));
  before(prototype, "startPolling", (bot: EmitterBot) => {
    onStarted(bot, found(bot), bot.options.polling ? "polling: true" : "bot.startPolling()");
  });
}

/** Rejects with the first error of a listener. */
async function handle(bot: EmitterBot, update: object): Promise<void> {
  const own: unknown[] = [];
  results = own;
  try {
    bot.processUpdate(update);
  } catch (error) {
    own.push(Promise.reject(error));
  } finally {
    results = undefined;
  }
  const outcomes = await Promise.allSettled(own);
  const failure = outcomes.find(({ status }) => status === "rejected");
  if (failure !== undefined) throw (failure as PromiseRejectedResult).reason;
}

/** Collects what listeners return, which the library drops. */
function collectResults(prototype: EmitterBot): void {
  const collected = (callback: Callback): Callback => {
    return (...args) => {
      const result = callback(...args);
      results?.push(result);
      return result;
    };
  };
  const { emit, onText, onReplyToMessage } = prototype;
  prototype.emit = function (this: EmitterBot, event, ...args) {
    if (results === undefined) return emit.call(this, event, ...args);
    const listeners = [this._events[event] ?? []].flat();
    for (const { fn, context, once } of listeners) {
      if (once) this.removeListener(event, fn, undefined, true);
      results.push(fn.apply(context, args));
    }
    return listeners.length > 0;
  };
  prototype.onText = function (this: EmitterBot, regexp, callback) {
    return onText.call(this, regexp, collected(callback));
  };
  prototype.onReplyToMessage = function (this: EmitterBot, chat, message, callback) {
    return onReplyToMessage.call(this, chat, message, collected(callback));
  };
}
