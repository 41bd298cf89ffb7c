/**
 * The Bot API as a bot's program has it, inside its thread. Most methods become calls of the event to which the running code belongs.
 * The methods about the bot and its updates are answered here: the server has both.
 */

import { TelegramError } from "../../src/protocol/errors.ts";
import type { Call } from "../../src/protocol/port.ts";
import type { Entity } from "../../src/protocol/route.ts";
import { type RawParameters, rawCall } from "./raw-call.ts";

/** An answer of the Bot API. */
export type Answer =
  | { ok: true; result: unknown }
  | { ok: false; error_code: number; description: string; parameters?: object };

/** The part of an AbortSignal that the signals of all libraries have. */
export type Signal = Pick<EventTarget, "addEventListener"> & { readonly aborted: boolean };

export interface LocalBotApiOptions {
  /** The bot itself, as getMe describes it. */
  bot: Entity;
  /** Makes a call at the event of the running code. */
  make(call: (owner: Parameters<typeof rawCall>[2]) => Call): Promise<unknown>;
  /** The program asks for updates of these kinds: by a poll, or by a webhook. */
  onLaunch(method: "getUpdates" | "setWebhook", kinds: unknown): void;
  /** The program wants the updates that wait dropped. */
  onDropPending(): void;
  /** The program makes a call as another bot. @returns true if the call is to be refused */
  refuses(id: string): boolean;
}

const NO_WEBHOOK = { url: "", has_custom_certificate: false, pending_update_count: 0 };

/** Methods that would take the bot away from its server. */
const REFUSED = new Set(["logOut", "close"]);

export class LocalBotApi {
  readonly #options: LocalBotApiOptions;

  constructor(options: LocalBotApiOptions) {
    this.#options = options;
  }

  /** True for requests that are answered here: those with the bot's token, or its stand-in, and those of other bots that are refused. */
  admits(token: string): boolean {
    return this.#isOwn(token) || this.#options.refuses(idIn(token));
  }

  /** @throws NetworkError | FileError | AbortError */
  async request(token: string, method: string, parameters: RawParameters, signal?: Signal): Promise<Answer> {
    if (!this.#isOwn(token)) return failure(401, "Unauthorized");
    switch (method.toLowerCase()) {
      case "getme":
        return { ok: true, result: this.#options.bot };
      case "getupdates":
        return await this.#poll(parameters, signal);
      case "deletewebhook":
      case "setwebhook":
        return this.#setWebhook(parameters);
      case "getwebhookinfo":
        return { ok: true, result: NO_WEBHOOK };
    }
    if (REFUSED.has(method)) return failure(400, `Bad Request: asgigram serves this bot, so it cannot ${method}`);
    try {
      return { ok: true, result: await this.#options.make((owner) => rawCall(method, parameters, owner)) };
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      const { error_code, description } = error;
      const hasParameters = Object.keys(error.parameters).length > 0;
      return { ok: false, error_code, description, ...(hasParameters ? { parameters: error.parameters } : {}) };
    }
  }

  #isOwn(token: string): boolean {
    return idIn(token) === `${this.#options.bot.id}`;
  }

  /** Nothing is sent to the webhook: updates come to the bot by another way. */
  #setWebhook({ url, allowed_updates, drop_pending_updates }: RawParameters): Answer {
    if (`${drop_pending_updates}` === "true") this.#options.onDropPending();
    if (url) this.#options.onLaunch("setWebhook", allowed_updates);
    return { ok: true, result: true };
  }

  /** Answers a poll without updates, when its time is over: updates come to the bot by another way. */
  #poll({ timeout, allowed_updates }: RawParameters, signal: Signal | undefined): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const seconds = Number(timeout ?? 0);
    if (seconds > 0) this.#options.onLaunch("getUpdates", allowed_updates);
    const timer = setTimeout(() => resolve({ ok: true, result: [] }), seconds * 1000).unref();
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException("This operation was aborted", "AbortError"));
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    return promise;
  }
}

function failure(error_code: number, description: string): Answer {
  return { ok: false, error_code, description };
}

/** The bot's id in its token. */
export function idIn(token: string): string {
  return token.slice(0, token.indexOf(":"));
}
