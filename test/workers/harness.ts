/**
 * A real worker thread with an application in it, in the hands of a test that plays the main thread: it delivers events, answers
 * calls, and keeps account of what it is told. A worker that dies is replaced, as in the server; its events are not delivered
 * again, so that what became of them can be seen.
 */

import { fileURLToPath } from "node:url";
import { failureOf } from "../../src/protocol/failure.ts";
import type { Call, CommonTask, ToMain } from "../../src/protocol/port.ts";
import { WorkerPool } from "../../src/threads/pool.ts";
import type { WorkerLife } from "../../src/threads/worker.ts";
import { hostTask } from "../host-task.ts";
import { BOT } from "../protocol/updates.ts";

export const APPS = fileURLToPath(new URL("../fixtures/apps/", import.meta.url));

export interface HarnessOptions extends Partial<CommonTask> {
  /** Carries out a call: gives its result, or throws. */
  answer?: (call: Call) => unknown;
  /** Is told what the worker tells, also before it is ready. */
  onTold?: (item: ToMain) => void;
}

type Item<Type extends ToMain["type"]> = Extract<ToMain, { type: Type }>;

/** Longer than anything here takes on a busy machine. */
const PATIENCE = 20_000;

export class Harness implements AsyncDisposable {
  /** Everything that the worker has told, in order. */
  readonly heard: ToMain[] = [];
  /** What the main thread was told when a worker died. */
  readonly deaths: Error[] = [];
  readonly #pool: WorkerPool;
  readonly #answer: (call: Call) => unknown;
  #life: WorkerLife | undefined;
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
    const { answer = () => ({ message_id: 1 }), onTold = () => {}, ...task } = options;
    this.#answer = answer;
    this.#pool = new WorkerPool({
      workers: 1,
      task: hostTask({ application, directory: APPS, ...task }),
      grace: PATIENCE,
      pause: () => 0,
      onReady: (_worker, life) => {
        this.#life = life;
        life.push({ type: "bot", bot: BOT });
        this.#changed();
      },
      onMessage: (_worker, life, item) => {
        this.heard.push(item);
        onTold(item);
        if (item.type === "call") this.#carryOut(life, item);
        this.#changed();
      },
      onPaused: () => {},
      onDrained: () => {},
      onGone: (_worker, _life, error) => {
        this.#life = undefined;
        this.deaths.push(error);
        this.#changed();
      },
    });
  }

  /** Delivers a message to a chat, and gives the number of the event. */
  deliver(text: string, chat = 1): number {
    const from = { id: chat, is_bot: false, first_name: "Ada" };
    return this.deliverUpdate({ message: { message_id: 1, date: 0, chat: { id: chat, type: "private" }, from, text } });
  }

  deliverUpdate(update: object, attempt = 1): number {
    const seq = ++this.#delivered;
    const body = JSON.stringify({ update_id: 1000 + seq, ...update });
    this.#life!.push({ type: "events", events: [{ seq, attempt, body }] });
    return seq;
  }

  /** Ends the worker as a stopping server does. Whatever it has to tell has been told when this resolves. */
  drain(): Promise<void> {
    return this.#pool.drain("shutdown");
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE);
    while (!condition()) {
      const late = Promise.withResolvers<never>();
      const give = () => late.reject(new Error(`it did not happen; heard: ${JSON.stringify(this.heard, null, 1)}`));
      deadline.addEventListener("abort", give, { once: true });
      await Promise.race([this.#change.promise, late.promise]);
      deadline.removeEventListener("abort", give);
    }
  }

  /** Resolves when nothing that was delivered is left, and gives what became of it. */
  async settled(): Promise<string> {
    await this.until(() => !this.fates.includes("left"));
    return this.fates;
  }

  /** Resolves when a worker has died, and its replacement is ready. */
  async replaced(): Promise<void> {
    await this.until(() => this.deaths.length > 0 && this.#life !== undefined);
  }

  told<Type extends ToMain["type"]>(type: Type): Item<Type>[] {
    return this.heard.filter((item): item is Item<Type> => item.type === type);
  }

  /** What became of each event, in the order of delivery: `settled failed left`. */
  get fates(): string {
    const fates = new Array<string>(this.#delivered).fill("left");
    for (const item of this.heard) {
      if (item.type === "failed") fates[item.seq - 1] = "failed";
      if (item.type === "settled") for (const seq of item.seqs) fates[seq - 1] = "settled";
    }
    return fates.join(" ");
  }

  /** The texts of the messages sent, in order. */
  get sent(): unknown[] {
    return this.told("call").map(({ call }) => JSON.parse(call.body).text);
  }

  /** The log lines, `warn: chat:1: …`. */
  get log(): string[] {
    return this.told("log").map(({ level, scope, message }) => `${level}: ${scope}: ${message}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  #carryOut(life: WorkerLife, { id, call }: Item<"call">): void {
    try {
      life.push({ type: "result", id, body: JSON.stringify({ ok: true, result: this.#answer(call) }) });
    } catch (error) {
      life.push({ type: "failure", id, error: failureOf(error, call.method) });
    }
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
