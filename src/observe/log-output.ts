/**
 * Lines on their way to a stream. A reader that is slow, or stalled, costs lines and never stops the server: beyond a limit lines are
 * dropped, until the stream has taken all that waits.
 */

import type { Writable } from "node:stream";

/** The part of a stream that is needed here. */
export type LogStream = Pick<Writable, "writableLength" | "write" | "once">;

/** Most text that waits, apart from the line that exceeds it: characters. */
const LIMIT = 2 ** 22;

export class LogOutput {
  readonly #stream: LogStream;
  readonly #onGap: (lines: number) => void;
  readonly #limit: number;
  /** Lines dropped since the last gap was told. */
  #dropped = 0;

  /** @param onGap is told the number of lines dropped, where they are missing; it may write */
  constructor(stream: LogStream, onGap: (lines: number) => void, limit = LIMIT) {
    this.#stream = stream;
    this.#onGap = onGap;
    this.#limit = limit;
  }

  write(line: string): void {
    if (this.#dropped === 0 && this.#stream.writableLength < this.#limit) this.#stream.write(line);
    else if (this.#dropped++ === 0) this.#stream.once("drain", () => this.#tellGap());
  }

  #tellGap(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#onGap(dropped);
  }
}
