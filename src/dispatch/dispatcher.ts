/**
 * Between the inbox and the workers: decides when an event is posted to the worker of its shard, and keeps account of what
 * has been posted and not settled.
 *
 *   accept() --> waiting -- its turn, and room --> posted -- settled() --> gone
 *                           suspect <-- suspend() -- posted: its worker died while it had this event
 *                           suspect -- its turn, with nothing else posted --> posted, alone
 *                                      condemned <-- suspend() -- posted, alone, for the last time that is allowed
 *               waiting <-- release() -- posted: its worker was told to end, and has not settled it
 *               suspect <-- release() -- posted, where it is a suspect, or others of its shard are
 *
 * The events of one scope form a line, and leave it in order. Lines take turns, and each may have a few events posted at
 * once: enough to keep a worker busy, few enough that no chat can fill it.
 *
 * A worker that dies leaves suspects: any event that it had may have killed it. They are posted again one at a time, before
 * anything else of their shard, so that the next death, if there is one, has one cause.
 */

import { shardOf } from "../protocol/shard.ts";
import { HighWater } from "./high-water.ts";

/** An inbox entry with its address. */
export interface Arrival {
  readonly seq: number;
  readonly update_id: number;
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** How often it has been posted. */
  attempts: number;
  /** How many workers have died that had it. */
  deaths: number;
  readonly body: string;
  /** When it was last posted, by performance.now(), where somebody wants to know. */
  postedAt?: number;
  /** The scope's key, and the id that decides its shard. */
  readonly scope: string;
  readonly id: number;
}

export interface DispatcherOptions {
  shards: number;
  /** How many deaths of its worker one event may cause. */
  maxAttempts: number;
  /** `alone`: the worker has nothing else, so that its death would have one cause. */
  post(shard: number, arrival: Arrival, alone: boolean): void;
  /** The event has killed its worker too often: it is settled, and somebody else's to keep. */
  condemn(arrival: Arrival, shard: number): void;
}

/** An event that has been posted so often without an end is a suspect from the start. */
const SUSPICIOUS = 2;

/** Events of one scope that a worker may hold at once. */
const POSTED_PER_SCOPE = 32;
/** Events that one worker may hold at once. */
const POSTED_PER_WORKER = 1000;
/** Unsettled events, and characters in them, at which there is no more room. */
const MOST_UNSETTLED = 10_000;
const MOST_CHARACTERS = 64 * 1024 * 1024;

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
  /** To be posted one at a time before anything else, in order. Their lines count them as posted. */
  suspects: { arrival: Arrival; line: Line }[];
  /** What is posted is a suspect. */
  alone: boolean;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #shards: Shard[];
  readonly #lines = new Map<string, Line>();
  readonly #highWater = new HighWater(() =>
    Math.max(this.#unsettled / MOST_UNSETTLED, this.#characters / MOST_CHARACTERS),
  );
  #unsettled = 0;
  #characters = 0;
  #closed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#shards = Array.from({ length: options.shards }, (_, number) => ({
      number,
      open: false,
      posted: new Map(),
      ready: new Set(),
      suspects: [],
      alone: false,
    }));
  }

  /** Events accepted and not settled yet. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Events at the workers. */
  get inFlight(): number {
    return this.#shards.reduce((sum, { posted }) => sum + posted.size, 0);
  }

  /** When the oldest event that is not settled was received; undefined where there is none. */
  get oldest(): number | undefined {
    const first = [...this.#lines.values()].flatMap(({ waiting }) => waiting.slice(0, 1));
    const held = this.#shards.flatMap(({ posted, suspects }) => [...posted.values(), ...suspects]);
    const times = [...first, ...held.map(({ arrival }) => arrival)].map(({ received_at }) => received_at);
    return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
  }

  /** Whether `room()` waits. */
  get isFull(): boolean {
    return this.#highWater.isReached;
  }

  accept(arrival: Arrival): void {
    this.#unsettled += 1;
    this.#characters += arrival.body.length;
    const line = this.#lines.get(arrival.scope) ?? this.#open(arrival);
    if (arrival.attempts >= SUSPICIOUS && line.waiting.length === 0) {
      line.posted += 1;
      line.shard.suspects.push({ arrival, line });
    } else {
      line.waiting.push(arrival);
      this.#queue(line);
    }
    this.#pump(line.shard);
  }

  settled(shardNumber: number, seqs: readonly number[]): void {
    const shard = this.#shards[shardNumber]!;
    for (const seq of seqs) {
      const posted = shard.posted.get(seq);
      if (posted === undefined) continue;
      shard.posted.delete(seq);
      this.#forget(posted.arrival, posted.line);
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

  /**
   * The shard's worker is gone, and all that it had is suspect.
   * @param culprit the event that is known to have done it, if one is
   * @returns the numbers of what it had
   */
  suspend(shardNumber: number, culprit?: number): number[] {
    const shard = this.#shards[shardNumber]!;
    const held = [...shard.posted.values()].sort((one, other) => one.arrival.seq - other.arrival.seq);
    const guilty = shard.alone ? held[0] : shard.posted.get(culprit ?? -1);
    shard.open = false;
    shard.alone = false;
    shard.posted.clear();
    shard.suspects = [...held, ...shard.suspects];
    for (const { arrival } of held) arrival.deaths += 1;
    if (guilty !== undefined && guilty.arrival.deaths >= this.#options.maxAttempts) {
      shard.suspects.splice(shard.suspects.indexOf(guilty), 1);
      this.#forget(guilty.arrival, guilty.line);
      this.#options.condemn(guilty.arrival, shardNumber);
      this.#signal();
    }
    return held.map(({ arrival }) => arrival.seq);
  }

  /** The shard's worker is to get nothing more until `resume()`. */
  pause(shardNumber: number): void {
    this.#shards[shardNumber]!.open = false;
  }

  /**
   * The shard's worker has ended as it was told to. What it has not settled comes first when there is another one, and is to
   * blame for nothing.
   * @param unseen those that no application has seen: they have made no attempt
   */
  release(shardNumber: number, unseen: readonly number[]): void {
    const shard = this.#shards[shardNumber]!;
    const held = [...shard.posted.values()].sort((one, other) => one.arrival.seq - other.arrival.seq);
    for (const seq of unseen) {
      const posted = shard.posted.get(seq);
      if (posted !== undefined) posted.arrival.attempts -= 1;
    }
    shard.open = false;
    shard.posted.clear();
    // Suspects come before anything else, so what was posted before them has to be one of them, or it would be overtaken.
    if (shard.alone || shard.suspects.length > 0) shard.suspects = [...held, ...shard.suspects];
    else for (const { arrival, line } of held.reverse()) this.#return(arrival, line);
    shard.alone = false;
  }

  /** Nothing is posted from now on; what is posted can still be settled. */
  close(): void {
    this.#closed = true;
    for (const shard of this.#shards) shard.open = false;
  }

  /** The event of that number, if the shard's worker has it. */
  posted(shardNumber: number, seq: number): Arrival | undefined {
    return this.#shards[shardNumber]!.posted.get(seq)?.arrival;
  }

  /** Resolves when there is room for another batch, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#highWater.room(signal);
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

  /** Posts what may be posted: the next suspect, or, where there is none, one event of each line in turn. */
  #pump(shard: Shard): void {
    if (!shard.open) return;
    if (shard.suspects.length > 0 || shard.alone) {
      if (shard.posted.size > 0) return;
      const suspect = shard.suspects.shift();
      shard.alone = suspect !== undefined;
      if (suspect !== undefined) return this.#post(shard, suspect.arrival, suspect.line);
    }
    for (const line of shard.ready) {
      if (shard.posted.size >= POSTED_PER_WORKER) return;
      shard.ready.delete(line);
      const arrival = line.waiting.shift();
      if (arrival === undefined) continue;
      line.posted += 1;
      this.#post(shard, arrival, line);
      // To the end of the queue; a Set's iteration comes to what is added while it runs.
      if (line.waiting.length > 0) this.#queue(line);
    }
  }

  #post(shard: Shard, arrival: Arrival, line: Line): void {
    arrival.attempts += 1;
    shard.posted.set(arrival.seq, { arrival, line });
    this.#options.post(shard.number, arrival, shard.alone);
  }

  /** To the head of its line. */
  #return(arrival: Arrival, line: Line): void {
    line.posted -= 1;
    line.waiting.unshift(arrival);
    this.#queue(line);
  }

  /** The event is nobody's concern any more. */
  #forget({ body }: Arrival, line: Line): void {
    line.posted -= 1;
    this.#unsettled -= 1;
    this.#characters -= body.length;
    if (line.waiting.length > 0) this.#queue(line);
    else if (line.posted === 0) this.#lines.delete(line.scope);
  }

  #signal(): void {
    this.#highWater.fallen();
    if (this.#unsettled === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }
}
