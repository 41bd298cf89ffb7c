/** Reads server-sent events as a page does. */

import { eventually } from "../../eventually.ts";

export class ServerEvents implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #all: { event: string; data: unknown }[] = [];
  readonly #looks = new Set<() => void>();
  #over: Promise<void> = Promise.resolve();

  /** Resolves when the stream is open. */
  static async open(url: string): Promise<ServerEvents> {
    const events = new ServerEvents();
    const { body } = await fetch(url, { signal: events.#ending.signal });
    // The reader ends it by its signal.
    events.#over = events.#read(body!).catch(() => {});
    return events;
  }

  /** The data of the events with this name up to now. */
  of<T>(name: string): T[] {
    return this.#all.flatMap(({ event, data }) => (event === name ? [data as T] : []));
  }

  /** Resolves with what `find` finds, as soon as it does. */
  async finds<T>(find: () => T | Promise<T>) {
    return await eventually(
      find,
      () => this.#all,
      (look) => {
        this.#looks.add(look);
        return () => this.#looks.delete(look);
      },
    );
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        const [, event, data] = /event: (.*)\ndata: (.*)/.exec(block) ?? [];
        if (event !== undefined) this.#all.push({ event, data: JSON.parse(data!) });
      }
      for (const look of this.#looks) look();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#over;
  }
}
