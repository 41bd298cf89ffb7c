/** The inbox without a file (`--no-inbox`): the same promises, for as long as the process lives. */

import type { ArrivedUpdate, Inbox, InboxEntry } from "./inbox.ts";
import { SeenIds } from "./seen-ids.ts";

export class MemoryInbox implements Inbox {
  readonly caveat = "updates are kept in memory only: those that are not settled when the process dies are lost";
  readonly #entries = new Map<number, InboxEntry>();
  readonly #seen = new SeenIds();
  #lastSeq = 0;

  append(updates: readonly ArrivedUpdate[]): InboxEntry[] {
    const now = Date.now();
    this.#seen.forget(now);
    const fresh = updates.filter(({ update_id }) => {
      if (this.#seen.has(update_id)) return false;
      this.#seen.add(update_id, now);
      return true;
    });
    return fresh.map((update) => {
      const entry = { ...update, seq: ++this.#lastSeq, attempts: 0 };
      this.#entries.set(entry.seq, entry);
      return entry;
    });
  }

  settle(seqs: readonly number[]): void {
    for (const seq of seqs) this.#entries.delete(seq);
  }

  bury(seq: number): void {
    this.#entries.delete(seq);
  }

  unsettled(): InboxEntry[] {
    return [...this.#entries.values()];
  }

  clear(): number {
    const { size } = this.#entries;
    this.#entries.clear();
    return size;
  }

  close(): void {}
}
