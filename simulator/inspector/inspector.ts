/**
 * The way of each update, for a page or a test that looks: pushed and confirmed as the Bot API sees it, and in between what a server
 * reports that runs the bot. Bounded: the oldest update goes first.
 */

import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { UpdateQueue } from "../state/update-queue.ts";
import type { BotServer, Report } from "./bot-server.ts";
import { type CallOrigin, CallOrigins } from "./call-origins.ts";

/** A step of an update. */
export interface Step {
  /** `pushed`, `taken`, `confirmed`, and the words of the server: `received`, `posted`, `settled`, … */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Details that the server tells: worker, attempt, error, … */
  readonly facts?: Readonly<Record<string, string | number>>;
}

export interface UpdateTrace {
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  readonly update: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

const KEPT = 2000;

export interface InspectorOptions {
  queue: UpdateQueue;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Updates that are kept; default 2,000. */
  kept?: number;
}

export class Inspector {
  readonly #now: () => number;
  readonly #kept: number;
  /** By update_id, the oldest first. */
  readonly #traces = new Map<number, UpdateTrace>();
  readonly #observers = new Set<(trace: UpdateTrace) => void>();
  readonly #callObservers = new Set<(call: RecordedCall) => void>();
  #origins: CallOrigins | undefined;
  #server: BotServer | undefined;
  #stopWatching: (() => void) | undefined;

  constructor({ queue, now, kept = KEPT }: InspectorOptions) {
    this.#now = now;
    this.#kept = kept;
    // Before the others: a webhook takes the update at once.
    queue.onPush.unshift((json) => this.#pushed(JSON.parse(json)));
    queue.onTake.push((update_id, by) => this.#taken(update_id, by));
    queue.onConfirm.push((update_id) => this.report(update_id, { name: "confirmed" }));
  }

  get traces(): UpdateTrace[] {
    return [...this.#traces.values()];
  }

  /** Adds a step to an update that is known. */
  report(update_id: number, { name, facts = {} }: Omit<Step, "at">): void {
    const trace = this.#traces.get(update_id);
    if (trace !== undefined) this.#keep({ ...trace, steps: [...trace.steps, { name, facts, at: this.#now() }] });
  }

  /** Calls `observer` for each update that gets a step, until the returned function is called. */
  observe(observer: (trace: UpdateTrace) => void): () => void {
    this.#observers.add(observer);
    this.#watchServer();
    return () => {
      this.#observers.delete(observer);
      this.#watchServer();
    };
  }

  get isObserved(): boolean {
    return this.#observers.size > 0;
  }

  /** Calls `observer` for each call whose origin has become known, until the returned function is called. */
  observeOrigins(observer: (call: RecordedCall) => void): () => void {
    this.#callObservers.add(observer);
    return () => this.#callObservers.delete(observer);
  }

  readonly originOf = (call: RecordedCall): CallOrigin | undefined => this.#origins?.of(call);

  /** Takes the reports of a server, while there is an observer. */
  attach(server: BotServer, calls: CallLog): void {
    this.#server = server;
    this.#origins = new CallOrigins(calls);
    server.observe(({ phase }) => phase === "starting" && this.#origins?.forget());
    this.#watchServer();
  }

  #watchServer(): void {
    const isWanted = this.#observers.size > 0 && this.#server !== undefined;
    if (isWanted === (this.#stopWatching !== undefined)) return;
    this.#stopWatching?.();
    this.#stopWatching = isWanted ? this.#server!.watch((report) => this.#reported(report)) : undefined;
    this.#origins?.turn(isWanted);
  }

  #reported(report: Report): void {
    if (report.type === "step") return this.report(report.update_id, report);
    for (const call of this.#origins?.claim(report) ?? []) {
      for (const observer of this.#callObservers) observer(call);
    }
  }

  /** Only the first time: a bot that confirms nothing is given the same updates again and again. */
  #taken(update_id: number, by: string): void {
    const isKnown = this.#traces.get(update_id)?.steps.some(({ name }) => name === "taken");
    if (isKnown === false) this.report(update_id, { name: "taken", facts: { by } });
  }

  #pushed(update: { update_id: number; [kind: string]: unknown }): void {
    const kind = Object.keys(update).find((key) => key !== "update_id") ?? "unknown";
    const { update_id } = update;
    // A test may use an id again.
    this.#traces.delete(update_id);
    this.#keep({ update_id, kind, update, steps: [{ name: "pushed", at: this.#now() }] });
    if (this.#traces.size > this.#kept) this.#traces.delete(this.#traces.keys().next().value!);
  }

  #keep(trace: UpdateTrace): void {
    this.#traces.set(trace.update_id, trace);
    for (const observer of this.#observers) observer(trace);
  }
}
