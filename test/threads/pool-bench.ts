import { resolve } from "node:path";
import type { LogLevel, Place, ToMain } from "../../src/protocol/port.ts";
import type { WorkerDeath } from "../../src/protocol/worker-causes.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../src/threads/pool.ts";
import { Threads } from "../../src/threads/threads.ts";
import type { Worker } from "../../src/threads/worker.ts";
import { hostTask, NO_JOBS, NO_VALUES } from "../host-task.ts";
import { ENDLESS_ROOM } from "./endless-room.ts";

const FIXTURES = resolve(import.meta.dirname, "fixtures");

/** A fact that the pool or one of its workers reported. */
type Fact =
  // Of `updates`.
  | { type: "ready"; worker: number }
  | { type: "program"; workers: number }
  | { type: "without quarantine" }
  | { type: "paused"; worker: number }
  | { type: "drained"; worker: number; unseen: readonly number[] }
  | { type: "died"; worker: number; culprit: number | undefined; guessed: readonly number[] }
  | { type: "settled"; worker: number; seqs: readonly number[] }
  | { type: "kept" | "timed out"; worker: number; seq: number }
  | { type: "failed"; worker: number; seq: number }
  // Of `calls` and `words`.
  | { type: "call"; worker: number; text: string }
  | { type: "said"; worker: number; level: LogLevel; message: string; error: string | undefined }
  | { type: "printed"; worker: number; text: string }
  | { type: "crashed"; worker: number; message: string }
  // Of `diagnostics` and `log`.
  | { type: "diagnostic"; worker: number; state: string; cause?: WorkerDeath; error?: Error }
  | { type: "logged"; level: "info" | "warn" | "error"; fields: object; message: string };

type Of<T extends Fact["type"]> = Extract<Fact, { type: T }>;

export interface PoolBenchOptions extends Partial<WorkerPoolOptions> {
  application?: string;
  /** Bytes of heap of each worker. */
  memory?: number;
  /** True if the pool decides on the pause before a restart; without, there is none. */
  hasPause?: boolean;
}

/** A pool, and every fact that it reports. */
export class PoolBench implements AsyncDisposable {
  readonly facts: Fact[] = [];
  /** Deaths in a row before each restart. */
  readonly pauses: number[] = [];
  /** The worker of each number that became ready last. */
  readonly workers = new Map<number, Worker>();
  /** Posted events, by number. */
  readonly places = new Map<number, Place>();
  readonly pool: WorkerPool;
  isDebug = false;
  /** The answer of workerDied(). */
  blames = false;
  needsQuarantine = false;
  /** Resolves when the deliveries to a worker that is paused are posted. */
  posted = Promise.resolve();
  /** Called with each fact. */
  onFact = (_: Fact): void => {};
  #reported = Promise.withResolvers<void>();
  #lastSeq = 0;

  constructor({ application = "app.ts:application", memory, hasPause = false, ...options }: PoolBenchOptions = {}) {
    const { workers = 1 } = options;
    const log = (level: "info" | "warn" | "error") => (fields: object, message: string) =>
      this.#report({ type: "logged", level, fields, message });
    this.pool = new WorkerPool({
      workers,
      programWorkers: 1,
      ...ENDLESS_ROOM,
      threads: new Threads(workers, memory ?? Number.POSITIVE_INFINITY),
      task: hostTask({ application, directory: FIXTURES, lifespan: "auto" }),
      stallTimeout: Number.POSITIVE_INFINITY,
      grace: 20_000,
      jobs: NO_JOBS,
      values: NO_VALUES,
      restart: {
        recycleAfter: Number.POSITIVE_INFINITY,
        memoryLimit: Number.POSITIVE_INFINITY,
        watchesFiles: false,
      },
      ...(!hasPause && {
        pause: (deaths) => {
          this.pauses.push(deaths);
          return 0;
        },
      }),
      onPushed: (worker) => void setImmediate(() => worker.flush()),
      updates: {
        workerReady: (worker) => {
          this.workers.set(worker.number, worker);
          this.#report({ type: "ready", worker: worker.number });
        },
        servesProgram: (workers) => this.#report({ type: "program", workers }),
        workerPaused: ({ number: worker }) => {
          this.#report({ type: "paused", worker });
          return this.posted;
        },
        workerDrained: ({ number: worker }, unseen) => this.#report({ type: "drained", worker, unseen }),
        workerDied: ({ number: worker }, { named, guessed }) => {
          this.#report({ type: "died", worker, culprit: named, guessed });
          return this.blames;
        },
        needsQuarantine: () => this.needsQuarantine,
        withoutQuarantine: () => {
          this.#report({ type: "without quarantine" });
          return true;
        },
        eventOverdue: ({ number: worker }, seq) => this.#report({ type: "timed out", worker, seq }),
        taken() {},
        kept: ({ number: worker }, seq) => this.#report({ type: "kept", worker, seq }),
        triedAgain() {},
        threw: () => false,
        settled: ({ number: worker }, seqs) => this.#report({ type: "settled", worker, seqs }),
        failed: ({ number: worker }, seq) => this.#report({ type: "failed", worker, seq }),
        posted: (_, seq) => this.places.get(seq),
      },
      calls: {
        call: (worker, item) => {
          worker.push({ type: "result", id: item.id, body: '{"ok":true,"result":true}' });
          this.#report({ type: "call", worker: worker.number, text: textOf(item) });
        },
        saved() {},
        busy() {},
      },
      words: {
        said: (worker, { error }, level, message) => this.#report({ type: "said", worker, level, message, error }),
        printed: (worker, { text }) => this.#report({ type: "printed", worker, text }),
        crashed: (worker, { message }) => this.#report({ type: "crashed", worker, message }),
      },
      diagnostics: {
        workerReady: (worker) => this.#report({ type: "diagnostic", worker, state: "ready" }),
        workerStalled: (worker) => this.#report({ type: "diagnostic", worker, state: "stalled" }),
        workerDied: (worker, cause, error) =>
          this.#report({ type: "diagnostic", worker, state: `died: ${cause}`, cause, error }),
        workerReplaced: (worker, cause) => this.#report({ type: "diagnostic", worker, state: `replaced: ${cause}` }),
      },
      log: { info: log("info"), warn: log("warn"), error: log("error"), isLevelEnabled: () => this.isDebug },
      ...options,
    });
  }

  #report(fact: Fact): void {
    this.facts.push(fact);
    this.onFact(fact);
    this.#reported.resolve();
    this.#reported = Promise.withResolvers();
  }

  /** Waits until a fact of that type was reported so often. @returns the last of them */
  async until<T extends Fact["type"]>(type: T, is = (_: Of<T>) => true, times = 1): Promise<Of<T>> {
    for (;;) {
      const found = this.of(type).filter(is);
      if (found.length >= times) return found[times - 1]!;
      await this.#reported.promise;
    }
  }

  of<T extends Fact["type"]>(type: T): Of<T>[] {
    return this.facts.filter((fact): fact is Of<T> => fact.type === type);
  }

  /** Waits until the worker is ready for the nth time. */
  ready(worker: number, times = 1): Promise<Of<"ready">> {
    return this.until("ready", (fact) => fact.worker === worker, times);
  }

  /** Waits until the worker died for the nth time, whether or not it served. */
  died(worker: number, times = 1): Promise<Of<"diagnostic">> {
    return this.until("diagnostic", (fact) => fact.worker === worker && fact.cause !== undefined, times);
  }

  /** Posts a message to the worker, of a chat of its own unless one is given. @returns its number */
  post(number: number, text: string, worker = this.workers.get(number)!, chat = 0): number {
    const seq = ++this.#lastSeq;
    const id = chat || seq;
    const body = JSON.stringify({ update_id: seq, message: { chat: { id, type: "private" }, text } });
    this.places.set(seq, { scope: `chat:${id}`, update_id: seq, kind: "message" });
    worker.post([{ seq, attempt: 1, body }]);
    return seq;
  }

  /** Resolves with the worker's next text that begins so. */
  async text(worker: number, beginning: string): Promise<string> {
    const { text } = await this.until("call", (fact) => fact.worker === worker && fact.text.startsWith(beginning));
    return text;
  }

  /** Resolves if the worker serves. */
  async answers(worker: number): Promise<void> {
    const text = `hello ${Math.random()}`;
    this.post(worker, text);
    await this.text(worker, text);
  }

  /** The states of the workers as the updates got to know them, in order. */
  get course(): string[] {
    const states: Fact["type"][] = ["ready", "paused", "drained", "died"];
    return this.facts.map(({ type }) => type).filter((type) => states.includes(type));
  }

  /** `0 ready`, `0 died: crash`, … */
  get diagnostics(): string[] {
    return this.of("diagnostic").map(({ worker, state }) => `${worker} ${state}`);
  }

  /** Output of the applications, in order. */
  get lines(): string[] {
    return this.of("printed").map(({ text }) => text);
  }

  /** Messages of the log of that level. */
  logged(level: Of<"logged">["level"]): string[] {
    return this.of("logged").flatMap((line) => (line.level === level ? [line.message] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.destroy();
  }
}

function textOf({ call }: Extract<ToMain, { type: "call" }>): string {
  return (JSON.parse(call.body) as { text: string }).text;
}
