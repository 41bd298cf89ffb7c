/**
 * A real worker thread with an application in it. The test plays the main thread: it delivers events, answers calls, and records
 * every fact that comes back. A worker that dies is replaced, as in the server, but its events are not delivered again, so that
 * their fates can be read.
 */

import { fileURLToPath } from "node:url";
import { failureOf } from "../../src/protocol/failure.ts";
import type { Call, CommonTask, EventItem, LogLevel, Place, ToMain, ToWorker } from "../../src/protocol/port.ts";
import type { StoredValue, StoredWrite } from "../../src/protocol/stored-value.ts";
import type { WorkerDeath } from "../../src/protocol/worker-causes.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../src/threads/pool.ts";
import { Threads } from "../../src/threads/threads.ts";
import type { Worker } from "../../src/threads/worker.ts";
import { hostTask, NO_JOBS } from "../host-task.ts";
import { ENDLESS_ROOM } from "../threads/endless-room.ts";

export const APPS = fileURLToPath(new URL("../fixtures/apps/", import.meta.url));

export interface HarnessOptions extends Partial<Omit<CommonTask, "debug">> {
  /** Makes a call. @returns its result, or throws */
  answer?: (call: Call) => unknown;
}

export interface LogLine extends Place {
  level: LogLevel;
  message: string;
  error?: string;
}

type Item<Type extends ToMain["type"]> = Extract<ToMain, { type: Type }>;

/** Longer than any test here takes on a busy machine: ms. */
const PATIENCE = 20_000;

export class Harness implements AsyncDisposable {
  /** Numbers of settled events, as they came: one list a message. */
  readonly settledTogether: (readonly number[])[] = [];
  /** Numbers of the events that the worker took off its port: one list a message. */
  readonly taken: (readonly number[])[] = [];
  readonly kept: number[] = [];
  /** Numbers of events for whose time limit a worker was killed. */
  readonly overdue: number[] = [];
  readonly failures: { seq: number; error: string }[] = [];
  readonly calls: Call[] = [];
  /** States that events saved, as JSON. */
  readonly saved: string[] = [];
  /** Stored values, and all writes of them in order. */
  readonly values = new Map<string, StoredValue>();
  readonly writes: StoredWrite[] = [];
  /** Chat actions of busy events. */
  readonly busy: Call[] = [];
  readonly lines: LogLine[] = [];
  readonly output: Item<"output">[] = [];
  readonly crashes: Item<"crash">[] = [];
  /** The cause of each death of a worker. */
  readonly deaths: WorkerDeath[] = [];
  /** Number of the event that is known to have killed it, for each death. */
  readonly culprits: (number | undefined)[] = [];
  /** Numbers of the events that no application had received when a worker was drained. */
  readonly unseen: number[] = [];
  readonly #pool: WorkerPool;
  readonly #answer: (call: Call) => unknown;
  #worker: Worker | undefined;
  #delivered = 0;
  #change = Promise.withResolvers<void>();

  /** Resolves when the application is ready; rejects as `WorkerPool.start()` does. */
  static async start(application: string, options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(application, options);
    try {
      await harness.#pool.start();
    } catch (error) {
      await harness[Symbol.asyncDispose]();
      throw error;
    }
    return harness;
  }

  private constructor(application: string, options: HarnessOptions) {
    const { answer = () => ({ message_id: 1 }), ...task } = options;
    this.#answer = answer;
    const threads = new Threads(1, Number.POSITIVE_INFINITY);
    threads.start();
    this.#pool = new WorkerPool({
      workers: 1,
      programWorkers: 1,
      threads,
      task: hostTask({ application, directory: APPS, ...task }),
      stallTimeout: Number.POSITIVE_INFINITY,
      grace: PATIENCE,
      ...ENDLESS_ROOM,
      restart: {
        recycleAfter: Number.POSITIVE_INFINITY,
        memoryLimit: Number.POSITIVE_INFINITY,
        watchesFiles: false,
      },
      pause: () => 0,
      jobs: NO_JOBS,
      values: {
        asked: (worker, id, key) => worker.push({ type: "got", id, value: this.values.get(key) }),
        wrote: (worker, id, write) => {
          this.#write(write);
          worker.push({ type: "set", id });
        },
      },
      onPushed: (worker) => void setImmediate(() => worker.flush()),
      ...this.#facts(),
      log: { info() {}, warn() {}, error() {}, isLevelEnabled: () => false },
    });
  }

  /** Delivers a message to a chat. @returns the number of the event */
  deliver(text: string, chat = 1): number {
    const from = { id: chat, is_bot: false, first_name: "Ada" };
    return this.deliverUpdate({ message: { message_id: 1, date: 0, chat: { id: chat, type: "private" }, from, text } });
  }

  deliverUpdate(update: object, attempt = 1): number {
    const event = this.#event(update, attempt);
    this.#worker!.push({ type: "events", events: [event] });
    return event.seq;
  }

  /** Delivers a message to each of so many chats, all together. @returns the numbers of the events */
  deliverTogether(text: string, chats: number): number[] {
    const from = { id: 1, is_bot: false, first_name: "Ada" };
    const events = Array.from({ length: chats }, (_, i) =>
      this.#event({ message: { message_id: 1, date: 0, chat: { id: i + 1, type: "private" }, from, text } }, 1),
    );
    this.#worker!.push({ type: "events", events });
    return events.map(({ seq }) => seq);
  }

  #event(update: object, attempt: number): EventItem {
    const seq = ++this.#delivered;
    return { seq, attempt, body: JSON.stringify({ update_id: 1000 + seq, ...update }) };
  }

  /** Posts an item. */
  push(item: ToWorker): void {
    this.#worker!.push(item);
  }

  /** Ends the instances of a shard. @returns the numbers of its events that no application received */
  revoke(shard: number): Promise<readonly number[]> {
    return this.#worker!.endInstances(shard);
  }

  /** Ends the worker as a stopping server does. All facts are recorded when this resolves. */
  drain(): Promise<void> {
    return this.#pool.drain("shutdown");
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE);
    while (!condition()) {
      const late = Promise.withResolvers<never>();
      const giveUp = () => late.reject(new Error(`the condition does not hold: ${condition}; ${this.#account}`));
      deadline.addEventListener("abort", giveUp, { once: true });
      await Promise.race([this.#change.promise, late.promise]);
      deadline.removeEventListener("abort", giveUp);
    }
  }

  /** Resolves when no delivered event is left. @returns the fates */
  async settled(): Promise<string> {
    await this.until(() => !this.fates.includes("left"));
    return this.fates;
  }

  /** Resolves when a worker has died and its replacement is ready. */
  async replaced(): Promise<void> {
    await this.until(() => this.deaths.length > 0 && this.#worker !== undefined);
  }

  /** The fate of each event, in the order of delivery: `settled failed left`. An event of two fates has both: `settled+failed`. */
  get fates(): string {
    const fates = Array.from({ length: this.#delivered }, (): string[] => []);
    for (const seq of this.settledTogether.flat()) fates[seq - 1]!.push("settled");
    for (const { seq } of this.failures) fates[seq - 1]!.push("failed");
    return fates.map((fate) => fate.join("+") || "left").join(" ");
  }

  /** The texts of the messages sent, in order. */
  get sent(): unknown[] {
    return this.calls.map(({ body }) => JSON.parse(body).text);
  }

  /** The texts that the application printed, in order. */
  get printed(): string[] {
    return this.output.map(({ text }) => text);
  }

  /** The log lines: `warn: chat:1: …`. */
  get log(): string[] {
    return this.lines.map(({ level, scope, message }) => `${level}: ${scope}: ${message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  #facts(): Pick<WorkerPoolOptions, "updates" | "calls" | "words" | "diagnostics"> {
    /** Records a fact. */
    const add = <Fact>(list: Fact[], fact: Fact): void => {
      list.push(fact);
      this.#changed();
    };
    return {
      updates: {
        workerReady: (worker) => {
          this.#worker = worker;
          this.#changed();
        },
        servesProgram() {},
        async workerPaused() {},
        workerDrained: (_, unseen) => {
          this.unseen.push(...unseen);
          this.#changed();
        },
        workerDied: (_, { named }) => {
          add(this.culprits, named);
          return false;
        },
        needsQuarantine: () => false,
        withoutQuarantine: () => false,
        posted: () => undefined,
        eventOverdue: (_, seq) => add(this.overdue, seq),
        taken: (_, seqs) => add(this.taken, seqs),
        kept: (_, seq) => add(this.kept, seq),
        triedAgain() {},
        threw: () => false,
        settled: (_, seqs, writes = []) => {
          for (const write of writes) this.#write(write);
          add(this.settledTogether, seqs);
        },
        failed: (_, seq, error) => add(this.failures, { seq, error }),
      },
      calls: {
        call: (worker, { id, call }) => {
          add(this.calls, call);
          this.#makeCall(worker, id, call);
        },
        saved: (_, { json }) => add(this.saved, json),
        busy: (_, { call }) => add(this.busy, call),
      },
      words: {
        said: (_, { scope, update_id, kind, error }, level, message) => {
          const place = { ...(scope && { scope }), ...(update_id && { update_id }), ...(kind && { kind }) };
          add(this.lines, { level, message, ...place, ...(error && { error }) });
        },
        printed: (_, item) => add(this.output, item),
        crashed: (_, item) => add(this.crashes, item),
      },
      diagnostics: {
        workerReady() {},
        workerStalled() {},
        workerReplaced() {},
        workerDied: (_, cause) => {
          this.#worker = undefined;
          add(this.deaths, cause);
        },
      },
    };
  }

  #write(write: StoredWrite): void {
    const { key, json, line } = write;
    this.writes.push(write);
    if (json === undefined) this.values.delete(key);
    else this.values.set(key, { json, line: this.values.get(key)?.line ?? line, written_at: Date.now() });
  }

  #makeCall(worker: Worker, id: number, call: Call): void {
    try {
      worker.push({ type: "result", id, body: JSON.stringify({ ok: true, result: this.#answer(call) }) });
    } catch (error) {
      worker.push({ type: "failure", id, error: failureOf(error, call.method) });
    }
  }

  /** Everything recorded so far, for the message of a test that fails. */
  get #account(): string {
    const { fates, failures, calls, log, output, crashes, deaths } = this;
    return JSON.stringify({ fates, failures, calls, log, output, crashes, deaths }, null, 1);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
