/**
 * An inbox as several machines might share it. It takes its time for everything, and takes shards away at any moment:
 *
 *   ours -- takeAway(): beginnings are refused --> leaving -- onRevoked() has resolved --> away -- giveBack() --> ours
 *
 * It checks what a server may do to events, and writes down what it may not.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Inbox, InboxEntry, InboxReceiver, ReceivedUpdate, Turn } from "../../src/inbox/inbox.ts";
import { SeenIds } from "../../src/inbox/seen-ids.ts";
import type { CallBudget } from "../../src/protocol/call-budget.ts";
import type { TelegramObject } from "../../src/protocol/route.ts";
import type { StoredValue, StoredWrite } from "../../src/protocol/stored-value.ts";
import type { Random } from "../faults/random.ts";

/** Duration of an append: ms. */
const APPEND = 10;

interface Stored extends Omit<InboxEntry, "origin"> {
  readonly body: string;
  origin: InboxEntry["origin"];
  attempts: number;
  deaths: number;
  /** Handed over to the present holder of the shard. */
  isOut: boolean;
  /** Its delivery by the present holder has begun. */
  hasBegun: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class SharedInbox implements Inbox {
  readonly isDurable = true;
  /** Breaches of the inbox's contract by the server. */
  readonly violations: string[] = [];
  /** Update ids of the dead letters. */
  readonly deadLetters: number[] = [];
  /** Number of beginnings that were refused. */
  refused = 0;
  /** The calls of all machines, which the test divides. */
  budget: CallBudget | undefined;
  readonly #random: Random;
  readonly #seen = new SeenIds();
  /** Unsettled events, in order. */
  readonly #events = new Map<number, Mutable<Stored>>();
  readonly #values = new Map<string, StoredValue>();
  readonly #unreadable = new Set<string>();
  readonly #shards = new Map<number, "leaving" | "away">();
  #receiver: InboxReceiver | undefined;
  #lastSeq = 0;
  #isHandingOver = false;
  #isRecording = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Number of unsettled events. */
  get unsettled(): number {
    return this.#events.size;
  }

  // ---- Inbox ----

  async start(receiver: InboxReceiver): Promise<number> {
    this.#receiver = receiver;
    for (const event of this.#events.values()) this.#return(event);
    void this.#handOver();
    return this.#events.size;
  }

  divide(budget: CallBudget): void {
    this.budget = budget;
  }

  async append(updates: readonly ReceivedUpdate[]): Promise<number> {
    await delay(APPEND);
    const received_at = Date.now();
    this.#seen.forget(received_at);
    let count = 0;
    for (const received of updates) {
      if (this.#seen.has(received.update_id)) continue;
      this.#seen.add(received.update_id, received_at);
      count += 1;
      const seq = ++this.#lastSeq;
      const size = Buffer.byteLength(received.body);
      const counts = { attempts: 0, deaths: 0, orphaned: 0, received_at, origin: "received" } as const;
      this.#events.set(seq, { ...received, seq, size, ...counts, isOut: false, hasBegun: false });
    }
    void this.#handOver();
    return count;
  }

  deadLetterUnreadable(body: string): boolean {
    const isNew = !this.#unreadable.has(body);
    this.#unreadable.add(body);
    return isNew;
  }

  record(turn: Turn): readonly number[] | Promise<readonly number[]> {
    if (this.#isRecording) this.violations.push("a turn was recorded before the one before it was");
    return this.#random.chance(0.2) ? this.#apply(turn) : this.#recordLater(turn);
  }

  async read(seqs: readonly number[]): Promise<ReadonlyMap<number, string>> {
    await delay(1);
    const found = seqs.map((seq) => this.#events.get(seq)).filter((event) => event !== undefined);
    return new Map(found.map(({ seq, body }) => [seq, body]));
  }

  async values(keys: readonly string[]): Promise<ReadonlyMap<string, StoredValue>> {
    await delay(1);
    const found = keys.filter((key) => this.#values.has(key));
    return new Map(found.map((key) => [key, this.#values.get(key)!]));
  }

  async clear(before = Number.POSITIVE_INFINITY): Promise<number> {
    const old = [...this.#events.values()].filter(({ received_at }) => received_at < before);
    for (const { seq } of old) this.#events.delete(seq);
    return old.length;
  }

  async check(): Promise<void> {}

  /** The server goes; the events stay. */
  async close(): Promise<void> {
    this.#receiver = undefined;
  }

  // ---- the other machines ----

  /**
   * Another machine gets the shard, handles some of its events, and gives it back.
   * @param handle is called with the events that it handles
   */
  async move(shard: number, handle: (chat: number, update: TelegramObject) => void): Promise<void> {
    if (this.#shards.has(shard)) return;
    await this.takeAway(shard);
    await delay(this.#random.integer(0, 15));
    const chats = Map.groupBy(this.#eventsOf(shard), ({ chat }) => chat);
    for (const [chat, events] of chats) {
      for (const { seq, body } of events.slice(0, this.#random.integer(0, 3))) {
        this.#events.delete(seq);
        handle(chat, JSON.parse(body) as TelegramObject);
      }
    }
    await delay(this.#random.integer(0, 15));
    this.giveBack(shard);
  }

  /** Resolves when the server has let go of the shard. */
  async takeAway(shard: number): Promise<void> {
    this.#shards.set(shard, "leaving");
    // The server may learn of it late.
    if (this.#random.chance(0.5)) await delay(this.#random.integer(1, 10));
    await this.#receiver?.onRevoked(shard);
    this.#shards.set(shard, "away");
    for (const event of this.#eventsOf(shard)) this.#return(event);
  }

  giveBack(shard: number): void {
    this.#shards.delete(shard);
    void this.#handOver();
  }

  #eventsOf(shard: number): Mutable<Stored>[] {
    return [...this.#events.values()].filter((event) => event.shard === shard);
  }

  /** The event is no server's now; its next holder finds it as it was left. */
  #return(event: Mutable<Stored>): void {
    if (event.isOut || event.attempts > 0) event.origin = "recovered";
    event.isOut = false;
    event.hasBegun = false;
  }

  // ---- the time that everything takes ----

  /** Hands events over, a few of some chats at a time, in the order of each chat. */
  async #handOver(): Promise<void> {
    if (this.#isHandingOver) return;
    this.#isHandingOver = true;
    for (let waiting = this.#waiting(); waiting.size > 0; waiting = this.#waiting()) {
      await delay(this.#random.integer(0, 3));
      for (const events of waiting.values()) {
        if (this.#random.chance(0.5)) continue;
        for (const event of events.slice(0, this.#random.integer(1, 3))) this.#handOverOne(event);
      }
    }
    this.#isHandingOver = false;
  }

  /** The events to hand over, by chat. */
  #waiting(): Map<number, Mutable<Stored>[]> {
    if (this.#receiver === undefined) return new Map();
    const events = [...this.#events.values()].filter(({ shard, isOut }) => !isOut && !this.#shards.has(shard));
    return Map.groupBy(events, ({ chat }) => chat);
  }

  #handOverOne(event: Mutable<Stored>): void {
    // A moment has passed.
    if (this.#receiver === undefined || event.isOut || this.#shards.has(event.shard)) return;
    event.isOut = true;
    const { isOut: _, hasBegun: __, ...entry } = event;
    // Bodies stay here until they are read, for some.
    const body = this.#random.chance(0.5) ? undefined : entry.body;
    this.#receiver.onEntry({ ...entry, body });
  }

  /** Records the turn now and answers later, or records it later. */
  async #recordLater(turn: Turn): Promise<readonly number[]> {
    this.#isRecording = true;
    const refused = this.#random.chance(0.5) ? this.#apply(turn) : undefined;
    await delay(this.#random.integer(0, 8));
    this.#isRecording = false;
    return refused ?? this.#apply(turn);
  }

  #apply({ begun, settled, writes, died, withdrawn, deadLettered }: Turn): readonly number[] {
    const refused = begun.map(({ seq }) => seq).filter((seq) => !this.#begin(seq));
    this.refused += refused.length;
    for (const write of writes) if (write.seq === undefined || this.#events.has(write.seq)) this.#write(write);
    for (const seq of settled) this.#end(seq, "settled");
    for (const seq of died) this.#change(seq, "died", (event) => (event.deaths += 1));
    for (const seq of withdrawn) this.#change(seq, "withdrawn", (event) => (event.attempts -= 1));
    for (const { seq } of deadLettered) {
      const event = this.#end(seq, "dead-lettered");
      if (event !== undefined) this.deadLetters.push(event.update_id);
    }
    return refused;
  }

  /** @returns false if the beginning is refused */
  #begin(seq: number): boolean {
    const event = this.#events.get(seq);
    if (event === undefined) return true;
    if (this.#shards.has(event.shard)) return false;
    if (!event.isOut) this.violations.push(`${seq} began and was not handed over`);
    event.hasBegun = true;
    event.attempts += 1;
    return true;
  }

  #write({ key, json, line }: StoredWrite): void {
    if (json === undefined) this.#values.delete(key);
    else this.#values.set(key, { json, line: this.#values.get(key)?.line ?? line, written_at: Date.now() });
  }

  #end(seq: number, how: string): Mutable<Stored> | undefined {
    return this.#change(seq, how, () => this.#events.delete(seq));
  }

  #change(seq: number, how: string, change: (event: Mutable<Stored>) => unknown): Mutable<Stored> | undefined {
    const event = this.#events.get(seq);
    if (event === undefined) {
      if (seq <= this.#lastSeq) this.violations.push(`${seq} was ${how} after its end`);
      return undefined;
    }
    if (this.#shards.get(event.shard) === "away") this.violations.push(`${seq} was ${how} after its shard was let go`);
    else if (!event.hasBegun) this.violations.push(`${seq} was ${how} before it began`);
    change(event);
    return event;
  }
}
