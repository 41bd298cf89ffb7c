/** The calls of the Bot API that this worker's instances wait for. */

import type { Batch } from "../src/protocol/batch.ts";
import { type AsgigramError, NetworkError, TelegramError } from "../src/protocol/errors.ts";
import type { Call, CallFailure, ToMain } from "../src/protocol/port.ts";
import { hintFor } from "./encode.ts";

export class Calls {
  readonly #outbound: Batch<ToMain>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(outbound: Batch<ToMain>) {
    this.#outbound = outbound;
  }

  /** Resolves with the method's result, or rejects with a TelegramError or a NetworkError. */
  make(call: Call): Promise<unknown> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#outbound.push({ type: "call", id, call });
    return waiting.promise;
  }

  /** @param body Telegram's answer: `{"ok":true,"result":…}` */
  succeeded(id: number, body: string): void {
    this.#take(id)?.resolve((JSON.parse(body) as { result: unknown }).result);
  }

  failed(id: number, failure: CallFailure): void {
    this.#take(id)?.reject(errorOf(failure));
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function errorOf(failure: CallFailure): AsgigramError {
  if (failure.name === "NetworkError") return new NetworkError(failure.method, failure.delivery, failure.reason);
  const { method, error_code, description, parameters } = failure;
  const hint = error_code === 404 ? hintFor(method) : "";
  return new TelegramError(method, error_code, description + hint, parameters);
}
