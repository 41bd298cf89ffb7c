/**
 * Tells of dead letters: the application by its handler; without one, the person by the text of --on-failure. Each at most once. The
 * scope's next events wait meanwhile.
 */

import type { DeadLetter, DeadLetterHandler } from "../src/protocol/dead-letter.ts";
import { DisconnectedError } from "../src/protocol/errors.ts";
import type { Route } from "../src/protocol/route.ts";
import { topicOf } from "../src/protocol/topic.ts";
import type { Caller, Calls } from "./calls.ts";
import { type ContextOwner, EventContext, enterContext, outside } from "./current-event.ts";
import { type Defaults, defaultChatOf, encode } from "./encode.ts";
import type { Delivered } from "./instance.ts";
import { placeInScope, type Reporter } from "./reporter.ts";
import { Streams } from "./streams.ts";

export interface DeadLetterNoticesOptions {
  reporter: Pick<Reporter, "log">;
  /** The text of --on-failure. */
  text: string | undefined;
  /** Longest run of a handler: ms. */
  limit?: number;
  /** A clock: ms. */
  now?(): number;
}

/** Longest run of a handler: ms. */
const LIMIT = 10_000;
/** Time in which a chat gets the text once: ms. */
const PAUSE = 60_000;
/** Kinds of event after which a person waits for an answer. */
const ANSWERED: ReadonlySet<string> = new Set(["telegram.message", "telegram.callback_query"]);

export class DeadLetterNotices {
  readonly #options: DeadLetterNoticesOptions;
  readonly #limit: number;
  readonly #now: () => number;
  /** Time of the last text to each chat, the oldest first. */
  readonly #texts = new Map<string, number>();
  #handler: DeadLetterHandler | undefined;

  constructor(options: DeadLetterNoticesOptions) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
    this.#now = options.now ?? (() => performance.now());
  }

  set handler(handler: DeadLetterHandler) {
    this.#handler = handler;
  }

  /** @returns resolves when the handler is over, or its time; undefined if there is nothing to tell */
  tell(delivered: Delivered, error: unknown, calls: Pick<Calls, "make">): Promise<void> | undefined {
    const handler = this.#handler ?? this.#textFor(delivered, error);
    return handler === undefined ? undefined : this.#run(handler, error, new HandlerCaller(delivered, calls));
  }

  async #run(handler: DeadLetterHandler, error: unknown, caller: HandlerCaller): Promise<void> {
    const { reporter } = this.#options;
    const { event, delivery, route } = caller.delivered;
    const place = placeInScope(route.key, event);
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, this.#limit, "late");
    try {
      const letter = { event, error, attempts: delivery.attempt, send: caller.send } as unknown as DeadLetter;
      const told = await Promise.race([caller.run(() => handler(letter)), late]);
      if (told !== "late") return;
      const message = `the handler of a dead letter has not returned after ${this.#limit / 1000} s; the chat goes on`;
      reporter.log("warn", message, undefined, place);
    } catch (thrown) {
      reporter.log("error", "the handler of a dead letter threw", thrown, place);
    } finally {
      clearTimeout(timer);
      caller.end();
    }
  }

  /** The handler that sends the text; undefined if the text is off, or out of place. */
  #textFor({ event, route }: Delivered, error: unknown): DeadLetterHandler | undefined {
    const { text } = this.#options;
    if (text === undefined || !ANSWERED.has(event.type) || route.subject !== "chat") return undefined;
    // The person has blocked the bot, or the chat has removed it.
    if (isForbidden(error)) return undefined;
    if (!this.#isDue(route)) return undefined;
    return async ({ send }) => {
      const thread = topicOf(event);
      const where = thread === undefined ? {} : { message_thread_id: thread };
      // The log has the failure of a call.
      await send({ type: "telegram.send_message", text, ...where }).catch(() => {});
    };
  }

  /** True once a minute for each chat of this worker, which may have several lines. */
  #isDue({ id, business_connection_id = "" }: Route): boolean {
    const place = `${id}/${business_connection_id}`;
    const now = this.#now();
    for (const [chat, at] of this.#texts) {
      if (now - at < PAUSE) break;
      this.#texts.delete(chat);
    }
    if (this.#texts.has(place)) return false;
    this.#texts.set(place, now);
    return true;
  }
}

/** Places in which errors of libraries have Telegram's code. */
interface ErrorOfLibrary {
  /** grammY, and this package. */
  error_code?: unknown;
  /** Telegraf; version 0 of node-telegram-bot-api has it in a body. */
  response?: { error_code?: unknown; body?: { error_code?: unknown } };
  /** GramIO, beside the method. */
  code?: unknown;
  method?: unknown;
  /** Version 2 of node-telegram-bot-api. */
  errorCode?: unknown;
}

/** True for Telegram's 403, by the error of any library. */
function isForbidden(error: unknown): boolean {
  try {
    const { error_code, response, code, method, errorCode } = Object(error) as ErrorOfLibrary;
    const codeOfCall = typeof method === "string" ? code : undefined;
    return [error_code, response?.error_code, response?.body?.error_code, codeOfCall, errorCode].includes(403);
  } catch {
    // Any value can be thrown, even an object whose getters throw.
    return false;
  }
}

/** The sender of one handler, and the context of its code. The event is over: no call counts as its work. */
class HandlerCaller implements Caller, ContextOwner {
  readonly delivered: Delivered;
  readonly key: string;
  readonly context = new EventContext(this);
  readonly unsettled = [];
  readonly held = undefined;
  readonly streams = new Streams();
  readonly answered = (): void => {};
  readonly hasKept = false;
  readonly #calls: Pick<Calls, "make">;
  readonly #defaults: Defaults;
  #isOver = false;

  constructor(delivered: Delivered, calls: Pick<Calls, "make">) {
    const { key, topic, business_connection_id } = delivered.route;
    this.delivered = delivered;
    this.key = key;
    this.context.held = delivered;
    this.#calls = calls;
    this.#defaults = { chat_id: defaultChatOf(delivered.route), message_thread_id: topic, business_connection_id };
  }

  /** Runs the handler in this context, so that its output and its log lines name the event. */
  async run(handler: () => unknown): Promise<unknown> {
    return await outside(() => {
      enterContext(this.context);
      return handler();
    });
  }

  readonly send = (event: unknown): Promise<unknown> => {
    const sent = this.#send(event);
    // A rejection that the handler does not wait for must not end the worker.
    sent.catch(() => {});
    return sent;
  };

  end(): void {
    this.#isOver = true;
    this.streams.close();
  }

  async #send(event: unknown): Promise<unknown> {
    if (this.#isOver) throw new DisconnectedError(`nothing can be sent for ${this.key} any more: the handler is over`);
    const call = encode(event, this.#defaults, this);
    // A person waits for it, although the event is over.
    call.bulk ??= false;
    return await this.#calls.make(call, this.key, this, undefined);
  }
}
