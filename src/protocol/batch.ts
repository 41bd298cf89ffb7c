/** Items for another thread: collected during one turn of the event loop, then posted as one message. */

import type { MessagePort, Transferable } from "node:worker_threads";

export class Batch<Item> {
  readonly #port: MessagePort;
  readonly #schedule: (flush: () => void) => void;
  #items: Item[] = [];
  #transfer: Transferable[] = [];

  /** @param schedule is called with the first item of each batch and sees to it that the batch is flushed at the end of the turn */
  constructor(port: MessagePort, schedule: (flush: () => void) => void = setImmediate) {
    this.#port = port;
    this.#schedule = schedule;
  }

  /** @param transfer objects in the item that are transferred instead of copied */
  push(item: Item, transfer?: readonly Transferable[]): void {
    if (this.#items.push(item) === 1) this.#schedule(this.flush);
    if (transfer !== undefined) this.#transfer.push(...transfer);
  }

  /** The newest item that is not posted yet; the next item of its kind can join it. */
  get last(): Item | undefined {
    return this.#items.at(-1);
  }

  /** Posts the items collected so far. */
  readonly flush = (): void => {
    if (this.#items.length === 0) return;
    const items = this.#items;
    const transfer = this.#transfer;
    this.#items = [];
    if (transfer.length > 0) this.#transfer = [];
    this.#port.postMessage(items, transfer);
  };
}
