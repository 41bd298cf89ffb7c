/**
 * Between the inbox and the workers: decides when an event is posted to the worker of its shard, and keeps account of what
 * has been posted and not settled.
 *
 *   accept() --> waiting (in the line of its scope) -- its turn, and room --> posted -- settled --> gone
 *                waiting <-- its worker is gone ----------------------------- posted
 *
 * The events of one scope form a line, and leave it in order. Lines take turns, and each may have a few events posted at
 * once: enough to keep a worker busy, few enough that no chat can fill it.
 */

import type { EventItem } from "../protocol/port.ts";
import { shardOf } from "./shard.ts";

/** An inbox entry with its address. */
export interface Arrival {
  readonly seq: number;
  readonly attempts: number;
  readonly body: string;
  /** The scope's key, and the id that decides its shard. */
  readonly scope: string;
  readonly id: number;
}

export interface DispatcherOptions {
  shards: number;
  post(shard: number, event: EventItem): void;
}

/** Events of one scope that a worker may hold at once. */
const POSTED_PER_SCOPE = 32;
/** Events that one worker may hold at once. */
const POSTED_PER_WORKER = 1000;
/** Unsettled events, and characters in them, at which `room()` begins to wait; it waits until half of that is gone. */
const HIGH_WATER = 10_000;
const HIGH_WATER_CHARACTERS = 64 * 1024 * 1024;

interface Line {
  readonly scope: string;
  readonly shard: Shard;
  waiting: Arrival[];
  posted: number;
}

interface Shard {
  readonly number: number;
  open: boolean;
  /** By `seq`, in the order of posting. */
  readonly posted: Map<number, { arrival: Arrival; line: Line }>;
  /** Lines whose next event may be posted as soon as the worker has room. */
  readonly ready: Set<Line>;
}

export class Dispatcher {
  readonly #post: DispatcherOptions["post"];
  readonly #shards: Shard[];
  readonly #lines = new Map<string, Line>();
  #unsettled = 0;
  #characters = 0;
  #full = false;
  #closed = false;
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor({ shards, post }: DispatcherOptions) {
    this.#post = post;
    this.#shards = Array.from({ length: shards }, (_, number) => ({
      number,
      open: false,
      posted: new Map(),
      ready: new Set(),
    }));
  }

  /** Events accepted and not settled yet. */
  get unsettled(): number {
    return this.#unsettled;
  }

  accept(arrival: Arrival): void {
    this.#unsettled += 1;
    this.#characters += arrival.body.length;
    const line = this.#lines.get(arrival.scope) ?? this.#open(arrival);
    line.waiting.push(arrival);
    this.#queue(line);
    this.#pump(line.shard);
  }

  settled(shardNumber: number, seqs: readonly number[]): void {
    const shard = this.#shards[shardNumber]!;
    for (const seq of seqs) {
      const posted = shard.posted.get(seq);
      if (posted === undefined) continue;
      shard.posted.delete(seq);
      const { line, arrival } = posted;
      line.posted -= 1;
      this.#unsettled -= 1;
      this.#characters -= arrival.body.length;
      if (line.waiting.length > 0) this.#queue(line);
      else if (line.posted === 0) this.#lines.delete(line.scope);
    }
    this.#pump(shard);
    this.#signal();
  }

  /** The shard's worker is ready for events. */
  resume(shardNumber: number): void {
    const shard = this.#shards[shardNumber]!;
    shard.open = !this.#closed;
    this.#pump(shard);
  }

  /** The shard's worker is gone: what it held waits again, ahead of what came after, and counts one attempt more. */
  suspend(shardNumber: number): void {
    const shard = this.#shards[shardNumber]!;
    shard.open = false;
    const held = [...shard.posted.values()];
    shard.posted.clear();
    for (const { arrival, line } of held.reverse()) {
      line.posted = 0;
      line.waiting.unshift({ ...arrival, attempts: arrival.attempts + 1 });
      shard.ready.add(line);
    }
  }

  /** Nothing is posted from now on; what is posted can still be settled. */
  close(): void {
    this.#closed = true;
    for (const shard of this.#shards) shard.open = false;
  }

  /** Resolves when there is room for another batch; at once unless the high-water mark has been reached. */
  async room(signal: AbortSignal): Promise<void> {
    this.#full ||= this.#unsettled >= HIGH_WATER || this.#characters >= HIGH_WATER_CHARACTERS;
    if (!this.#full || signal.aborted) return;
    this.#room ??= Promise.withResolvers();
    const { promise, resolve } = this.#room;
    const giveUp = () => resolve();
    signal.addEventListener("abort", giveUp, { once: true });
    await promise;
    signal.removeEventListener("abort", giveUp);
  }

  /** Resolves as soon as everything is settled. */
  idle(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  #open({ scope, id }: Arrival): Line {
    const shard = this.#shards[shardOf(id, this.#shards.length)]!;
    const line = { scope, shard, waiting: [], posted: 0 };
    this.#lines.set(scope, line);
    return line;
  }

  #queue(line: Line): void {
    if (line.posted < POSTED_PER_SCOPE) line.shard.ready.add(line);
  }

  /** Posts what may be posted, one event of each line in turn. */
  #pump(shard: Shard): void {
    if (!shard.open) return;
    for (const line of shard.ready) {
      if (shard.posted.size >= POSTED_PER_WORKER) return;
      shard.ready.delete(line);
      const arrival = line.waiting.shift();
      if (arrival === undefined) continue;
      line.posted += 1;
      shard.posted.set(arrival.seq, { arrival, line });
      this.#post(shard.number, { seq: arrival.seq, attempt: arrival.attempts + 1, body: arrival.body });
      // To the end of the queue; a Set's iteration comes to what is added while it runs.
      if (line.waiting.length > 0) this.#queue(line);
    }
  }

  #signal(): void {
    if (this.#full && this.#unsettled <= HIGH_WATER / 2 && this.#characters <= HIGH_WATER_CHARACTERS / 2) {
      this.#full = false;
      this.#room?.resolve();
      this.#room = undefined;
    }
    if (this.#unsettled === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }
}
