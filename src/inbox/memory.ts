/** The inbox without a file (`--no-inbox`): unsettled updates are lost with the process, dead letters are only logged. */

import type { Inbox, InboxEntry, InboxReceiver, ReceivedUpdate, Turn } from "./inbox.ts";
import { SeenIds } from "./seen-ids.ts";

const NONE: readonly number[] = [];

export class MemoryInbox implements Inbox {
  readonly isDurable = false;
  readonly #seen = new SeenIds();
  /** Bodies of unsettled entries. */
  readonly #unsettled = new Map<number, string>();
  /** Entries from before start(). */
  readonly #early: InboxEntry[] = [];
  #receiver: InboxReceiver | undefined;
  #lastSeq = 0;

  async start(receiver: InboxReceiver): Promise<number> {
    this.#receiver = receiver;
    const early = this.#early.splice(0);
    for (const entry of early) receiver.onEntry(entry);
    return early.length;
  }

  async append(updates: readonly ReceivedUpdate[]): Promise<number> {
    const received_at = Date.now();
    this.#seen.forget(received_at);
    let count = 0;
    for (const received of updates) {
      if (this.#seen.has(received.update_id)) continue;
      this.#seen.add(received.update_id, received_at);
      count += 1;
      const seq = ++this.#lastSeq;
      this.#unsettled.set(seq, received.body);
      const counts = { attempts: 0, deaths: 0, orphaned: 0 };
      const size = Buffer.byteLength(received.body);
      const entry = { ...received, seq, size, origin: "received", ...counts, received_at } as const;
      if (this.#receiver === undefined) this.#early.push(entry);
      else this.#receiver.onEntry(entry);
    }
    return count;
  }

  deadLetterUnreadable(): boolean {
    return true;
  }

  record({ settled, deadLettered }: Turn): readonly number[] {
    for (const seq of settled) this.#unsettled.delete(seq);
    for (const { seq } of deadLettered) this.#unsettled.delete(seq);
    return NONE;
  }

  read(seqs: readonly number[]): ReadonlyMap<number, string> {
    const known = seqs.filter((seq) => this.#unsettled.has(seq));
    return new Map(known.map((seq) => [seq, this.#unsettled.get(seq)!]));
  }

  async clear(): Promise<number> {
    return 0;
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}
}
