/**
 * Decides when an event is posted to the worker of its shard, and keeps account of posted and unsettled events.
 *
 *   received() --> waiting -- its turn, and room --> posted -- settled() --> gone
 *                            posted -- kept() --> posted, but in no window; no suspect any more -- settled() --> gone
 *                            posted -- timedOut() --> dead letter
 *                            suspect <-- workerDied() -- posted
 *                            suspect -- its turn, with nothing else posted --> posted, alone
 *                                       dead letter <-- workerDied() -- posted, alone, at the last attempt allowed
 *                waiting <-- workerDrained() -- posted, not settled
 *                suspect <-- workerDrained() -- posted, if it is a suspect or its worker has suspects
 *   any state, but for posted -- revoke() of its shard --> gone, left to the inbox
 *   posted -- revoked(), refused() --> gone, left to the inbox
 *
 * The events of one scope form a line and leave it in order. Lines take turns, and each may have a few events posted at once:
 * enough to keep a worker busy, few enough that no chat fills it.
 *
 * Every event that a dead worker held may have killed it: all of them are suspects. Suspects are posted again one at a time,
 * before anything else of their worker, so that the next death has one cause.
 *
 * The file is longer than others because every transition above changes the same lines and counts.
 */

import type { ReceivedEvent } from "../protocol/received-event.ts";
import { HighWater } from "./high-water.ts";
import { ShardTable } from "./shard-table.ts";

/** An unsettled event of the inbox, with its address. */
export interface Arrival extends ReceivedEvent {
  /** Number of workers that died while they held the event. */
  deaths: number;
  readonly body: string;
  /** The chat's or user's id, which decides the shard. */
  readonly id: number;
}

export interface DispatcherOptions {
  workers: number;
  /** Number of deaths of its worker that one event may cause. */
  maxAttempts: number;
  /** Posts an event to a worker. `alone`: the worker holds nothing else, so its death would have one cause. */
  post(worker: number, arrival: Arrival, alone: boolean): void;
  /** The event killed its worker too often, or took too long: the dispatcher has let go of it. */
  deadLetter(worker: number, arrival: Arrival, cause: "deadly" | "timed out"): void;
}

/** An event that was posted so often without an end is a suspect from the start. */
const SUSPICIOUS = 2;

/** Events of one scope that a worker may hold at once. */
const POSTED_PER_SCOPE = 32;
/** Events that one worker may hold at once. */
const POSTED_PER_WORKER = 1000;
/** Events of one scope that may be unsettled although the application went on. */
const KEPT_PER_SCOPE = 32;
/** Unsettled events, and characters in them, at the high-water mark. */
const MOST_UNSETTLED = 10_000;
const MOST_CHARACTERS = 64 * 1024 * 1024;

interface Line {
  readonly scope: string;
  readonly shard: number;
  readonly worker: WorkerState;
  waiting: Arrival[];
  /** Events of the line that are posted or suspect, but for those that are kept. */
  posted: number;
  /** Events at which the application has open work, although it went on. */
  kept: number;
  /** The shard is being taken away: nothing of the line is posted or kept. */
  isRevoked: boolean;
}

interface WorkerState {
  readonly number: number;
  isOpen: boolean;
  /** By `seq`, in the order of posting. */
  readonly posted: Map<number, Held>;
  /** The posted events that are kept. They count in no window. */
  readonly kept: Set<Held>;
  /** Lines whose next event may be posted when the worker has room. */
  readonly ready: Set<Line>;
  /** Posted one at a time before anything else, in order. Their lines count them as posted. */
  suspects: Held[];
  /** The posted event is a suspect, and the only one. */
  alone: boolean;
}

interface Held {
  readonly arrival: Arrival;
  readonly line: Line;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #table: ShardTable;
  readonly #workers: readonly WorkerState[];
  readonly #lines = new Map<string, Line>();
  readonly #highWater = new HighWater(() =>
    Math.max(this.#unsettled / MOST_UNSETTLED, this.#characters / MOST_CHARACTERS),
  );
  #unsettled = 0;
  #characters = 0;
  #isClosed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#table = new ShardTable(options.workers);
    this.#workers = Array.from({ length: options.workers }, (_, number) => ({
      number,
      isOpen: false,
      posted: new Map(),
      kept: new Set(),
      ready: new Set(),
      suspects: [],
      alone: false,
    }));
  }

  /** Number of events received and not settled. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Number of events at the workers. */
  get inFlight(): number {
    return this.#workers.reduce((sum, { posted }) => sum + posted.size, 0);
  }

  /** Time of receipt of the oldest unsettled event; undefined if there is none. */
  get oldest(): number | undefined {
    const first = [...this.#lines.values()].flatMap(({ waiting }) => waiting.slice(0, 1));
    const held = this.#workers.flatMap(({ posted, suspects }) => [...posted.values(), ...suspects]);
    const times = [...first, ...held.map(({ arrival }) => arrival)].map(({ received_at }) => received_at);
    return times.length === 0 ? undefined : times.reduce((one, other) => Math.min(one, other));
  }

  /** True while `room()` waits. */
  get isFull(): boolean {
    return this.#highWater.isReached;
  }

  received(arrival: Arrival): void {
    this.#unsettled += 1;
    this.#characters += arrival.body.length;
    const line = this.#lines.get(arrival.scope) ?? this.#open(arrival);
    if (arrival.attempts >= SUSPICIOUS && line.waiting.length === 0) {
      line.posted += 1;
      line.worker.suspects.push({ arrival, line });
    } else {
      line.waiting.push(arrival);
      this.#queue(line);
    }
    this.#pump(line.worker);
  }

  settled(worker: number, seqs: readonly number[]): void {
    const state = this.#workers[worker]!;
    for (const seq of seqs) {
      const held = state.posted.get(seq);
      if (held !== undefined) this.#letGo(state, held);
    }
    this.#pump(state);
    this.#signal();
  }

  /** The application goes on, while it has open work at the event. */
  kept(worker: number, seq: number): void {
    const state = this.#workers[worker]!;
    const held = state.posted.get(seq);
    if (held === undefined || state.kept.has(held)) return;
    state.kept.add(held);
    held.line.posted -= 1;
    held.line.kept += 1;
    // An application that asks for more has survived it.
    state.alone = false;
    if (held.line.waiting.length > 0) this.#queue(held.line);
    this.#pump(state);
  }

  /** The worker can take events. */
  workerReady(worker: number): void {
    const state = this.#workers[worker]!;
    state.isOpen = !this.#isClosed;
    this.#pump(state);
  }

  /** The worker gets nothing more until `workerReady()`. */
  workerPaused(worker: number): void {
    this.#workers[worker]!.isOpen = false;
  }

  /**
   * The worker is dead, and every event that it held is a suspect.
   * @param culprit number of the event that is known to have killed it
   * @returns the numbers of the events that it held
   */
  workerDied(worker: number, culprit?: number): number[] {
    const state = this.#workers[worker]!;
    const held = inOrder(state);
    const guilty = state.alone ? held.find((one) => !state.kept.has(one)) : state.posted.get(culprit ?? -1);
    state.isOpen = false;
    state.alone = false;
    this.#takeBack(state);
    state.suspects = [...held, ...state.suspects];
    for (const { arrival } of held) arrival.deaths += 1;
    if (guilty !== undefined && guilty.arrival.deaths >= this.#options.maxAttempts) {
      state.suspects.splice(state.suspects.indexOf(guilty), 1);
      this.#forget(guilty);
      this.#options.deadLetter(worker, guilty.arrival, "deadly");
    }
    state.suspects = this.#withoutRevoked(state.suspects);
    this.#signal();
    return held.map(({ arrival }) => arrival.seq);
  }

  /** The event took too long, and its worker was ended for it: it is a dead letter, and the worker's other events are not blamed. */
  timedOut(worker: number, seq: number): void {
    const state = this.#workers[worker]!;
    const held = state.posted.get(seq);
    if (held !== undefined) {
      this.#letGo(state, held);
      this.#options.deadLetter(worker, held.arrival, "timed out");
    }
    this.workerDrained(worker, []);
  }

  /**
   * The worker ended as told. Its unsettled events go first when there is another worker, and are not blamed.
   * @param unseen numbers of the events that no application received: their delivery was no attempt
   */
  workerDrained(worker: number, unseen: readonly number[]): void {
    const state = this.#workers[worker]!;
    this.#withdraw(state, unseen);
    const all = inOrder(state);
    state.isOpen = false;
    this.#takeBack(state);
    const held = this.#withoutRevoked(all);
    // Suspects go before anything else, so an event that was posted before them joins them, or they would overtake it.
    if (state.alone || state.suspects.length > 0) state.suspects = [...held, ...state.suspects];
    else for (const { arrival, line } of held.reverse()) this.#return(arrival, line);
    state.alone = false;
    this.#signal();
  }

  /** The shard is taken away: posts nothing of it from now on, and forgets its waiting events. @returns its worker */
  revoke(shard: number): number {
    const worker = this.#table.workerOf(shard);
    const state = this.#workers[worker]!;
    for (const line of this.#lines.values()) {
      if (line.shard !== shard) continue;
      line.isRevoked = true;
      state.ready.delete(line);
      for (const arrival of line.waiting.splice(0)) this.#leave(arrival);
      if (line.posted + line.kept === 0) this.#lines.delete(line.scope);
    }
    state.suspects = this.#withoutRevoked(state.suspects);
    this.#pump(state);
    this.#signal();
    return worker;
  }

  /** The shard's instances have ended: forgets its posted events, too. */
  revoked(shard: number): void {
    const state = this.#workers[this.#table.workerOf(shard)]!;
    for (const held of [...state.posted.values()]) if (held.line.shard === shard) this.#letGo(state, held);
    this.#pump(state);
    this.#signal();
  }

  /** The inbox refused these deliveries before they were posted: the events are not this process's any more. */
  refused(worker: number, seqs: readonly number[]): void {
    const state = this.#workers[worker]!;
    for (const seq of seqs) {
      const held = state.posted.get(seq);
      if (held !== undefined) this.#letGo(state, held);
    }
    this.#pump(state);
    this.#signal();
  }

  /** Posts nothing from now on; posted events can still be settled. */
  close(): void {
    this.#isClosed = true;
    for (const state of this.#workers) state.isOpen = false;
  }

  /** The posted event of that number, if that worker holds it. */
  posted(worker: number, seq: number): Arrival | undefined {
    return this.#workers[worker]!.posted.get(seq)?.arrival;
  }

  /** @param id of a chat or user */
  workerOf(id: number): number {
    return this.#table.workerOf(this.#table.shardOf(id));
  }

  /** Resolves when there is room for another batch, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#highWater.room(signal);
  }

  /** Resolves when everything is settled. */
  idle(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  #open({ scope, id }: Arrival): Line {
    const shard = this.#table.shardOf(id);
    const worker = this.#workers[this.#table.workerOf(shard)]!;
    const line = { scope, shard, worker, waiting: [], posted: 0, kept: 0, isRevoked: false };
    this.#lines.set(scope, line);
    return line;
  }

  #queue(line: Line): void {
    if (line.posted < POSTED_PER_SCOPE && line.kept < KEPT_PER_SCOPE) line.worker.ready.add(line);
  }

  /** Posts every event that may be posted. */
  #pump(state: WorkerState): void {
    for (let next = this.#next(state); next !== undefined; next = this.#next(state)) {
      const { arrival } = next;
      arrival.attempts += 1;
      state.posted.set(arrival.seq, next);
      this.#options.post(state.number, arrival, state.alone);
    }
  }

  /** Takes the next suspect; without suspects, one event of each line in turn while the worker has room. */
  #next(state: WorkerState): Held | undefined {
    const posted = state.posted.size - state.kept.size;
    if (!state.isOpen || posted >= POSTED_PER_WORKER) return undefined;
    if (state.suspects.length > 0 || state.alone) {
      if (posted > 0) return undefined;
      // Nothing is at hand, no suspect either, so one waits.
      state.alone = true;
      return state.suspects.shift();
    }
    for (const line of state.ready) {
      state.ready.delete(line);
      if (line.kept >= KEPT_PER_SCOPE) continue;
      const arrival = line.waiting.shift();
      if (arrival === undefined) continue;
      line.posted += 1;
      // To the end of the queue.
      if (line.waiting.length > 0) this.#queue(line);
      return { arrival, line };
    }
    return undefined;
  }

  #withdraw(state: WorkerState, unseen: readonly number[]): void {
    for (const seq of unseen) {
      const held = state.posted.get(seq);
      if (held !== undefined) held.arrival.attempts -= 1;
    }
  }

  /** Puts the event back at the head of its line. */
  #return(arrival: Arrival, line: Line): void {
    line.posted -= 1;
    line.waiting.unshift(arrival);
    this.#queue(line);
  }

  #letGo(state: WorkerState, held: Held): void {
    state.posted.delete(held.arrival.seq);
    if (state.kept.delete(held)) this.#unkeep(held);
    // A suspect is the only event at hand.
    else state.alone = false;
    this.#forget(held);
  }

  /** The worker has none of its events any more. */
  #takeBack(state: WorkerState): void {
    for (const held of state.kept) this.#unkeep(held);
    state.kept.clear();
    state.posted.clear();
  }

  #unkeep({ line }: Held): void {
    line.kept -= 1;
    line.posted += 1;
  }

  /** @returns the events of lines that stay; the others are forgotten */
  #withoutRevoked(held: Held[]): Held[] {
    for (const one of held) if (one.line.isRevoked) this.#forget(one);
    return held.filter(({ line }) => !line.isRevoked);
  }

  #forget({ arrival, line }: Held): void {
    line.posted -= 1;
    this.#leave(arrival);
    if (line.waiting.length > 0) this.#queue(line);
    else if (line.posted + line.kept === 0 && this.#lines.get(line.scope) === line) this.#lines.delete(line.scope);
  }

  #leave({ body }: Arrival): void {
    this.#unsettled -= 1;
    this.#characters -= body.length;
  }

  #signal(): void {
    this.#highWater.fallen();
    if (this.#unsettled === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }
}

function inOrder({ posted }: WorkerState): Held[] {
  return [...posted.values()].sort((one, other) => one.arrival.seq - other.arrival.seq);
}
