/**
 * One request and its whole answer as text, on undici's `dispatch`. undici's `request` makes a stream and several promises for
 * every answer; here answers are short, wanted whole, and come thousands a second.
 */

import type { Dispatcher } from "undici";

export interface HttpAnswer {
  readonly status: number;
  /** The header `retry-after` in seconds; NaN without. */
  readonly retryAfter: number;
  readonly text: string;
}

/**
 * Longest answer: bytes. Telegram's are below 100 MB: 100 updates of 512 KB at most. A broken server may send without an end, and memory
 * would not last.
 */
export const LONGEST_ANSWER = 256 * 2 ** 20;

/**
 * @param signal ends the exchange at any time, also while it waits for a connection
 * @throws the client's error, or the signal's reason
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Exchange(resolve, reject, signal));
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #retryAfter = Number.NaN;
  readonly #pieces: Buffer[] = [];
  #length = 0;

  constructor(
    resolve: (answer: HttpAnswer) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    if (signal?.aborted) this.#abort();
    signal?.addEventListener("abort", this.#abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(this.#signal.reason);
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.#status = status;
    const after = headers["retry-after"];
    if (after !== undefined) this.#retryAfter = Number(after);
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > LONGEST_ANSWER) controller.abort(new Error(`the answer is longer than ${LONGEST_ANSWER} bytes`));
    else this.#pieces.push(piece);
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener("abort", this.#abort);
    // Most answers come in one piece. A piece may end inside a character.
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#resolve({ status: this.#status, retryAfter: this.#retryAfter, text: whole.toString() });
  }

  onResponseError(_: unknown, error: Error): void {
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#reject(error);
  }

  readonly #abort = (): void => {
    const reason = this.#signal!.reason;
    this.#reject(reason);
    this.#controller?.abort(reason);
  };
}
