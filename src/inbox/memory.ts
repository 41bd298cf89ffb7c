/**
 * The inbox without a file (`--no-inbox`): it still knows what it has seen, but what is not settled lives only in the
 * dispatcher, and a dead letter only in the log.
 */

import type { ArrivedUpdate, Inbox, InboxEntry } from "./inbox.ts";
import { SeenIds } from "./seen-ids.ts";

export class MemoryInbox implements Inbox {
  readonly durable = false;
  readonly #seen = new SeenIds();
  #lastSeq = 0;

  append(updates: readonly ArrivedUpdate[]): (number | undefined)[] {
    const now = Date.now();
    this.#seen.forget(now);
    return updates.map(({ update_id }) => {
      if (this.#seen.has(update_id)) return undefined;
      this.#seen.add(update_id, now);
      return ++this.#lastSeq;
    });
  }

  async sync(): Promise<void> {}
  record(): void {}
  mourn(): void {}
  withdraw(): void {}
  bury(): void {}
  buryUnreadable(): void {}
  unsettled(): InboxEntry[] {
    return [];
  }
  news(): InboxEntry[] {
    return [];
  }
  clear(): number {
    return 0;
  }
  check(): void {}
  close(): void {}
}
