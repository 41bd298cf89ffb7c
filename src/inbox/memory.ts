/** The inbox without a file (`--no-inbox`): unsettled updates and stored values are lost with the process, dead letters are only logged. */

import type { StoredValue, StoredWrite } from "../protocol/stored-value.ts";
import type { Inbox, InboxEntry, InboxReceiver, ReceivedUpdate, Turn } from "./inbox.ts";
import { hashOf, MOST_UNREADABLE } from "./schema.ts";
import { SeenIds } from "./seen-ids.ts";

const NONE: readonly number[] = [];

export class MemoryInbox implements Inbox {
  readonly isDurable = false;
  readonly #seen = new SeenIds();
  /** Bodies of unsettled entries. */
  readonly #unsettled = new Map<number, string>();
  /** Stored values, the longest unwritten first. */
  readonly #values = new Map<string, StoredValue>();
  /** Time for which a stored value is kept without a write: ms. */
  readonly #valueAge: number;
  /** Entries from before start(). */
  #early: InboxEntry[] = [];
  /** Hashes of input that is no update; the oldest go first. */
  readonly #unreadable = new Set<string>();
  #receiver: InboxReceiver | undefined;
  #lastSeq = 0;

  constructor(valueAge = Number.POSITIVE_INFINITY) {
    this.#valueAge = valueAge;
  }

  async start(receiver: InboxReceiver): Promise<number> {
    this.#receiver = receiver;
    const early = this.#early;
    this.#early = [];
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

  deadLetterUnreadable(body: string): boolean {
    const hash = hashOf(body);
    if (this.#unreadable.has(hash)) return false;
    this.#unreadable.add(hash);
    const [oldest] = this.#unreadable;
    if (this.#unreadable.size > MOST_UNREADABLE) this.#unreadable.delete(oldest!);
    return true;
  }

  record({ settled, writes, deadLettered }: Turn): readonly number[] {
    for (const write of writes) if (write.seq === undefined || this.#unsettled.has(write.seq)) this.#write(write);
    for (const seq of settled) this.#unsettled.delete(seq);
    for (const { seq } of deadLettered) this.#unsettled.delete(seq);
    return NONE;
  }

  read(seqs: readonly number[]): ReadonlyMap<number, string> {
    const known = seqs.filter((seq) => this.#unsettled.has(seq));
    return new Map(known.map((seq) => [seq, this.#unsettled.get(seq)!]));
  }

  values(keys: readonly string[]): ReadonlyMap<string, StoredValue> {
    this.#removeOldValues();
    const known = keys.filter((key) => this.#values.has(key));
    return new Map(known.map((key) => [key, this.#values.get(key)!]));
  }

  async clear(before = Number.POSITIVE_INFINITY): Promise<number> {
    const isOld = ({ received_at }: InboxEntry) => received_at < before;
    const old = this.#early.filter(isOld);
    this.#early = this.#early.filter((entry) => !isOld(entry));
    for (const { seq } of old) this.#unsettled.delete(seq);
    return old.length;
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}

  #write({ key, json, line }: StoredWrite): void {
    this.#removeOldValues();
    const owner = this.#values.get(key)?.line ?? line;
    this.#values.delete(key);
    if (json !== undefined) this.#values.set(key, { json, line: owner, written_at: Date.now() });
  }

  #removeOldValues(): void {
    const before = Date.now() - this.#valueAge;
    for (const [key, { written_at }] of this.#values) {
      if (written_at >= before) return;
      this.#values.delete(key);
    }
  }
}
