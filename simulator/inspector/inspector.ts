/**
 * What the page shows of updates and calls: what HTTP shows of any bot, and the steps of a server that tells them. It begins with its first
 * watcher, costs nothing before, and asks the server for steps only while there is a watcher. Bounded.
 */

import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { Clock } from "../state/clock.ts";
import type { UpdateQueue } from "../state/update-queue.ts";
import type { BotServer, ServerState, Step } from "./bot-server.ts";
import { Kept } from "./kept.ts";
import { type CallRow, messagesIn, textOf, type UpdateRow, updateRow } from "./rows.ts";

export interface InspectorOptions {
  readonly queue: UpdateQueue;
  readonly calls: CallLog;
  readonly clock: Clock;
}

/** A row that is new or has changed. */
export type Change = { update: UpdateRow } | { call: CallRow };

/** All that is known of an update or a call. */
export interface Details {
  update?: object;
  call?: RecordedCall;
}

const MOST_UPDATES = 2000;
const MOST_CALLS = 5000;

export class Inspector {
  readonly #options: InspectorOptions;
  readonly #watchers = new Set<(change: Change) => void>();
  readonly #updates = new Kept<number, { row: UpdateRow; json: string }>(MOST_UPDATES, ({ row }) => this.#forget(row));
  readonly #bySeq = new Map<number, UpdateRow>();
  readonly #calls = new Kept<number, { row: CallRow; recorded: RecordedCall }>(MOST_CALLS);
  readonly #rowOf = new WeakMap<RecordedCall, CallRow>();
  /** Calls whose step has not come yet, by method and chat, in their order. */
  readonly #unclaimed = new Map<string, CallRow[]>();
  #count = 0;
  #hasBegun = false;
  #server: BotServer | undefined;
  readonly #serverObservers = new Set<(state: ServerState) => void>();
  #stopSteps: (() => void) | undefined;

  constructor(options: InspectorOptions) {
    this.#options = options;
  }

  get updates(): UpdateRow[] {
    return this.#updates.rows.map(({ row }) => row);
  }

  get calls(): CallRow[] {
    return this.#calls.rows.map(({ row }) => row);
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  get server(): BotServer | undefined {
    return this.#server;
  }

  attach(server: BotServer): void {
    this.#server = server;
    server.observe((state) => this.#serverTurned(state));
    this.#serverTurned(server.state);
    this.#askForSteps();
  }

  /** Calls `observer` when a server is attached, and at each change of its state, until the returned function is called. */
  observeServer(observer: (state: ServerState) => void): () => void {
    this.#serverObservers.add(observer);
    return () => this.#serverObservers.delete(observer);
  }

  /** Calls `watcher` for each change from now on, until the returned function is called. */
  watch(watcher: (change: Change) => void): () => void {
    this.#watchers.add(watcher);
    this.#begin();
    this.#askForSteps();
    return () => {
      this.#watchers.delete(watcher);
      this.#askForSteps();
    };
  }

  details({ update_id, call }: { update_id?: number; call?: number }): Details {
    const update = this.#updates.get(update_id ?? Number.NaN);
    const made = this.#calls.get(call ?? Number.NaN);
    return { ...(update && { update: JSON.parse(update.json) }), ...(made && { call: made.recorded }) };
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { queue, calls, clock } = this.#options;
    for (const call of calls.calls) {
      this.#called(call);
      if (call.status !== undefined) this.#answered(call);
    }
    calls.observe((call) => this.#called(call));
    calls.observeEnds((call) => this.#answered(call));
    queue.onPush.push((json) => {
      const row = updateRow(JSON.parse(json), clock.now());
      this.#updates.add(row.update_id, { row, json });
      this.#changed({ update: row });
    });
    queue.onTake.push((ids) => this.#taken(ids, clock.now()));
    queue.onConfirm.push((ids) => this.#confirmed(ids, clock.now()));
  }

  #askForSteps(): void {
    const isWanted = this.#watchers.size > 0;
    if (isWanted) this.#stopSteps ??= this.#server?.watch((step) => this.#step(step));
    else {
      this.#stopSteps?.();
      this.#stopSteps = undefined;
      this.#unclaimed.clear();
    }
  }

  // ---- what HTTP shows ----

  #taken(ids: readonly number[], now: number): void {
    for (const id of ids) {
      this.#update(id, (row) => {
        row.taken ??= now;
        row.takes += 1;
        row.by = "getUpdates";
      });
    }
  }

  #confirmed(ids: readonly number[], now: number): void {
    for (const id of ids) {
      this.#update(id, (row) => {
        row.confirmed = now;
        row.by ??= "webhook";
      });
    }
  }

  #called(recorded: RecordedCall): void {
    if (recorded.method.toLowerCase() === "getupdates") return;
    const { method, parameters, time } = recorded;
    const chat = parameters.chat_id;
    const text = textOf(parameters);
    const chat_id = chat === undefined ? {} : { chat_id: String(chat) };
    const row: CallRow = { id: ++this.#count, method, time, ...chat_id, ...(text && { text }) };
    this.#rowOf.set(recorded, row);
    this.#calls.add(row.id, { row, recorded });
    if (this.#stopSteps !== undefined) this.#await(keyOf(method, row.chat_id), row);
    this.#changed({ call: row });
  }

  #answered(recorded: RecordedCall): void {
    const row = this.#rowOf.get(recorded);
    if (row === undefined) return;
    const { status, duration, error, fault, result } = recorded;
    Object.assign(row, { status, duration });
    if (error !== undefined) row.error = error;
    if (fault !== undefined) row.isFault = true;
    const messages = messagesIn(result);
    if (messages.length > 0) row.messages = messages;
    this.#changed({ call: row });
  }

  // ---- what the server tells ----

  #serverTurned(state: ServerState): void {
    // No step comes for a call of a process that is gone.
    if (state.phase === "starting") this.#unclaimed.clear();
    for (const observer of this.#serverObservers) observer(state);
  }

  #step(step: Step): void {
    const now = this.#options.clock.now();
    switch (step.type) {
      case "received":
        return this.#update(step.update_id, (row) => {
          this.#place(row, step.seq, step.scope);
          row.received = now;
        });
      case "posted":
        return this.#update(step.update_id, (row) => {
          this.#place(row, step.seq, step.scope);
          const { worker, attempt, wait: waited } = step;
          Object.assign(row, { worker, attempt, waited, posted: now });
        });
      case "settled":
        return this.#update(step.update_id, (row) => {
          const { worker, attempt, outcome, duration: worked, error } = step;
          Object.assign(row, { worker, attempt, outcome, worked, settled: now, ...(error !== undefined && { error }) });
        });
      case "dead-letter":
        return this.#update(step.update_id, (row) => {
          row.cause = step.cause;
        });
      case "call":
        return this.#claim(step);
    }
  }

  #await(key: string, row: CallRow): void {
    const line = this.#unclaimed.get(key) ?? [];
    line.push(row);
    if (line.length > MOST_CALLS) line.shift();
    this.#unclaimed.set(key, line);
    // Of some calls no step comes: chat actions that are made by themselves, for example.
    if (this.#unclaimed.size > MOST_CALLS) this.#unclaimed.delete(this.#unclaimed.keys().next().value!);
  }

  /** The calls over HTTP that one call of the application took: those before the last one were tried again. */
  #claim({ method, lane, seq, worker, outcome, duration }: Step & { type: "call" }): void {
    const key = keyOf(method, chatOfLane(lane));
    const waiting = this.#unclaimed.get(key);
    if (waiting === undefined) return;
    const isLast = ({ status = 0 }: CallRow) => (outcome === "ok" ? status === 200 : isFinal(status));
    const at = waiting.findIndex(isLast);
    const open = waiting.findIndex(({ status }) => status === undefined);
    const count = at >= 0 ? at + 1 : open >= 0 ? open : waiting.length;
    const claimed = waiting.splice(0, count);
    if (waiting.length === 0) this.#unclaimed.delete(key);
    const update_id = seq === undefined ? undefined : this.#bySeq.get(seq)?.update_id;
    for (const [index, row] of claimed.entries()) {
      Object.assign(row, { worker, attempt: index + 1, ...(update_id !== undefined && { update_id }) });
      if (index === claimed.length - 1) row.whole = duration;
      this.#changed({ call: row });
    }
  }

  #place(row: UpdateRow, seq: number, line: string): void {
    row.seq = seq;
    row.line = line;
    this.#bySeq.set(seq, row);
  }

  #update(id: number, change: (row: UpdateRow) => void): void {
    const row = this.#updates.get(id)?.row;
    if (row === undefined) return;
    change(row);
    this.#changed({ update: row });
  }

  #forget({ seq }: UpdateRow): void {
    if (seq !== undefined) this.#bySeq.delete(seq);
  }

  #changed(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}

/** `7`, `7/business` and `inline:id` are lanes. */
const chatOfLane = (lane = "") => (lane.startsWith("inline:") ? "" : lane.split("/")[0]);

const keyOf = (method: string, chat = "") => `${method.toLowerCase()} ${chat}`;

/** Calls without an answer and those that are refused for their number are made again. */
const isFinal = (status: number) => status >= 200 && status < 499 && status !== 429;
