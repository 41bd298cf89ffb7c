/** Gathers what is to be said to another thread during one turn of the event loop, and posts it as one message. */

import type { MessagePort, Transferable } from "node:worker_threads";

export class Batch<Item> {
  readonly #port: MessagePort;
  readonly #before: () => void;
  #items: Item[] = [];
  #transfer: Transferable[] = [];

  /** @param before is called right before each message is posted */
  constructor(port: MessagePort, before = () => {}) {
    this.#port = port;
    this.#before = before;
  }

  /** @param transfer what of the item is handed over rather than copied */
  push(item: Item, transfer?: readonly Transferable[]): void {
    if (this.#items.push(item) === 1) setImmediate(this.flush);
    if (transfer !== undefined) this.#transfer.push(...transfer);
  }

  /** The newest item that has not been posted yet: a further one of its kind can join it. */
  get last(): Item | undefined {
    return this.#items.at(-1);
  }

  /** Posts what is there now, without waiting for the turn to end. */
  readonly flush = (): void => {
    if (this.#items.length === 0) return;
    const items = this.#items;
    const transfer = this.#transfer;
    this.#items = [];
    if (transfer.length > 0) this.#transfer = [];
    this.#before();
    this.#port.postMessage(items, transfer);
  };
}
