/** The calls of the Bot API that this worker's instances wait for. */

import type { Transferable } from "node:worker_threads";
import type { Batch } from "../src/protocol/batch.ts";
import { NetworkError } from "../src/protocol/errors.ts";
import { errorOf } from "../src/protocol/failure.ts";
import type { Call, CallFailure, DownloadedFile, ToMain } from "../src/protocol/port.ts";
import { hintFor } from "./encode.ts";

interface Waiting extends PromiseWithResolvers<unknown> {
  method: string;
}

export class Calls {
  readonly #outbound: Batch<ToMain>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(outbound: Batch<ToMain>) {
    this.#outbound = outbound;
  }

  /**
   * Resolves with the method's result, of a download with the file; or rejects with a TelegramError, a NetworkError or a
   * FileError.
   * @param from the number of the event that the instance is at, or its scope
   */
  make(call: Call, from: number | string): Promise<unknown> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { ...waiting, method: call.method });
    this.#outbound.push({ type: "call", id, call, from }, transferIn(call));
    return waiting.promise;
  }

  /** @param body Telegram's answer: `{"ok":true,"result":…}` */
  succeeded(id: number, body: string): void {
    const waiting = this.#take(id);
    try {
      waiting?.resolve((JSON.parse(body) as { result: unknown }).result);
    } catch (cause) {
      waiting?.reject(new NetworkError(waiting.method, "unknown", "the answer is no valid JSON", { cause }));
    }
  }

  downloaded(id: number, file: DownloadedFile): void {
    this.#take(id)?.resolve("bytes" in file ? file.bytes : "path" in file ? file.path : file.port);
  }

  failed(id: number, failure: CallFailure): void {
    const isUnknownMethod = failure.name === "TelegramError" && failure.error_code === 404;
    this.#take(id)?.reject(errorOf(failure, isUnknownMethod ? hintFor(failure.method) : ""));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** What of a call changes hands, each thing once. */
function transferIn({ files }: Call): Transferable[] | undefined {
  if (files === undefined) return undefined;
  const handed = files.flatMap(({ source }): Transferable[] => {
    if ("bytes" in source) return [source.bytes.buffer];
    return "port" in source ? [source.port] : [];
  });
  return [...new Set(handed)];
}
