/**
 * A module in its heavy threads: as many threads as its options say, each with the module loaded and warm, and the jobs that wait for
 * them.
 *
 *   a thread: starting -- loaded --> idle -- a job --> running -- the job is over --> idle
 *             running -- given up or out of time; the grace is over --> killed
 *             any of them -- it dies, or is killed --> gone: another one starts in its place, after a pause if it has run no job
 *
 * The place of a thread is free only when the thread is gone.
 *
 * The file is longer than others because threads, jobs and their numbers change together.
 */

import { backoff } from "../protocol/backoff.ts";
import { DisconnectedError, JobCrashedError } from "../protocol/errors.ts";
import { explain } from "../protocol/explain.ts";
import type { JobOutcome } from "../protocol/job-facts.ts";
import { LONGEST_TIMER } from "../protocol/longest-timer.ts";
import type { LogLevel } from "../protocol/port.ts";
import { FairQueue } from "./fair-queue.ts";
import type { HeavyJob } from "./job.ts";
import type { HeavyThread } from "./thread.ts";

export interface HeavyModuleOptions {
  /** The module as people know it: a path. */
  name: string;
  threads: number;
  /** The most jobs that wait; undefined for 256 MB of arguments. */
  queue: number | undefined;
  startThread(): HeavyThread;
  /** True if there is memory for another thread; undefined if there always is. */
  hasRoom: (() => boolean) | undefined;
  /** Ends an idle thread of another module, if there is one. */
  makeRoom(): void;
  said(level: LogLevel, message: string, error?: string): void;
  jobEnded(job: HeavyJob, outcome: JobOutcome): void;
  /** A thread has died by itself. */
  crashed(): void;
}

/** A job in its thread. */
interface RunningJob {
  readonly thread: HeavyThread;
  readonly over: Promise<void>;
  outcome?: JobOutcome;
  /** Kills the thread at the end of the grace. */
  grace?: NodeJS.Timeout;
}

/** Time that a function has to heed its signal: ms. */
const GRACE = 2000;

/** Longest pause after threads that died before their first jobs: ms. A job is not made to wait for it. */
const LONGEST_PAUSE = 60_000;

export class HeavyModule {
  /** Resolves when all its threads are loaded. @throws ApplicationLoadError */
  readonly loaded: Promise<void>;

  readonly #options: HeavyModuleOptions;
  readonly #queue: FairQueue<HeavyJob>;
  readonly #threads = new Set<HeavyThread>();
  readonly #idle = new Set<HeavyThread>();
  readonly #runs = new Map<HeavyJob, RunningJob>();
  #starting = 0;
  /** Deaths of threads before their first jobs, since a job was over. */
  #uselessDeaths = 0;
  /** Number of threads that are replaced when they die. */
  #kept = 0;
  /** The error with which jobs are refused. */
  #refusal: Error | undefined;
  #isRetired = false;

  constructor(options: HeavyModuleOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options.queue);
    this.loaded = this.#load();
    this.loaded.catch((error) => this.#fail(error));
  }

  get status(): { readonly running: number; readonly waiting: number; readonly threads: number } {
    return { running: this.#runs.size, waiting: this.#queue.size, threads: this.#threads.size };
  }

  // ---- jobs ----

  /** Queues the job; its caller is told if that cannot be. */
  add(job: HeavyJob): void {
    try {
      if (this.#refusal !== undefined) throw this.#refusal;
      this.#queue.push(job, this.#idle.size + this.#starting);
    } catch (error) {
      return job.lost(error as Error);
    }
    this.#pump();
  }

  /** Number of the jobs that start before this one. */
  ahead(job: HeavyJob): number {
    return this.#queue.ahead(job);
  }

  /**
   * The caller wants no answer any more.
   * @param gently true if a job that runs may go on; the caller is told of one that does not
   */
  cancel(job: HeavyJob, gently: boolean): void {
    if (this.#queue.remove(job)) return gently ? job.lost(unstarted()) : job.drop();
    if (gently) return;
    job.drop();
    this.#abort(job, "aborted", new DOMException("the caller has given the job up", "AbortError"));
  }

  // ---- the end ----

  /** Ends an idle thread, which is started again when a job needs it. @returns false if it has none to spare */
  shrink(toNone: boolean): boolean {
    const [thread] = this.#idle;
    if (thread === undefined || this.#starting > 0 || (this.#threads.size === 1 && !toNone)) return false;
    this.#kept -= 1;
    void this.#end(thread);
    return true;
  }

  /** Refuses the jobs that wait, and those that come, and tells those that run. Resolves when none does. */
  async drain(reason: Error): Promise<void> {
    this.#refuse(reason);
    for (const { thread } of this.#runs.values()) thread.abort(reason, false);
    await Promise.all([...this.#runs.values()].map(({ over }) => over));
  }

  /** Ends the threads, each when it has nothing to do. Resolves when they are gone. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    for (const job of this.#runs.keys()) this.cancel(job, false);
    const busy = new Set([...this.#runs.values()].map(({ thread }) => thread));
    for (const thread of this.#threads) if (!busy.has(thread)) void this.#end(thread);
    await Promise.all([...this.#threads].map(({ over }) => over));
  }

  /** Ends all threads at once. Resolves when they are gone. */
  async close(reason: Error): Promise<void> {
    this.#isRetired = true;
    this.#refuse(reason);
    for (const job of this.#runs.keys()) job.lost(reason);
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  // ---- threads ----

  /** Starts the threads: all at once, or one after another where each may be the last for which there is room. */
  async #load(): Promise<void> {
    const { threads, hasRoom } = this.#options;
    if (hasRoom === undefined) {
      await Promise.all(Array.from({ length: threads }, () => this.#add()));
      return;
    }
    while (!this.#isRetired && this.#threads.size < threads && this.#hasRoom()) await this.#add();
  }

  /** Starts a thread that is kept. Resolves when it is loaded. */
  async #add(): Promise<void> {
    this.#kept += 1;
    await this.#start();
  }

  /** Starts a thread. Resolves when it is loaded. */
  async #start(): Promise<void> {
    const thread = this.#options.startThread();
    this.#threads.add(thread);
    this.#starting += 1;
    void thread.over.then((cause) => this.#onGone(thread, cause));
    try {
      await thread.loaded;
    } catch (error) {
      void this.#end(thread);
      throw error;
    } finally {
      this.#starting -= 1;
    }
    this.#onFree(thread);
  }

  /** Starts another thread if there is room and none is on its way. */
  #grow(): void {
    if (this.#isRetired || this.#starting > 0 || this.#threads.size >= this.#options.threads || !this.#hasRoom())
      return;
    this.#add().catch((error) => this.#couldNotStart(error));
  }

  /** Without a thread no job would ever run: the first one starts in any case. */
  #hasRoom(): boolean {
    if (this.#options.hasRoom?.() !== false) return true;
    if (this.#threads.size > 0) return false;
    this.#options.makeRoom();
    return true;
  }

  #replace(): void {
    if (this.#isRetired || this.#threads.size >= this.#kept) return;
    this.#start().catch((error) => this.#couldNotStart(error));
  }

  #couldNotStart(error: Error): void {
    this.#kept -= 1;
    if (this.#isRetired) return;
    this.#options.said("error", "a heavy thread could not be started", explain(error));
    // No thread will run them. The next job tries again.
    if (this.#kept === 0) this.#loseWaiting(error);
  }

  #onFree(thread: HeavyThread): void {
    if (this.#isRetired) return void this.#end(thread);
    this.#idle.add(thread);
    this.#pump();
  }

  #onGone(thread: HeavyThread, cause: string | undefined): void {
    const { crashed, said } = this.#options;
    this.#threads.delete(thread);
    this.#idle.delete(thread);
    // The failure to start is reported elsewhere.
    if (!thread.isLoaded) return;
    if (cause !== undefined) {
      crashed();
      said("error", "a heavy thread died; another one takes its place", cause);
    }
    if (cause === undefined || thread.hasRun) this.#replace();
    else this.#replaceLater();
    this.#pump();
  }

  /** A thread died before its first job, as others may have done: they would die one after another, and take the processor's time. */
  #replaceLater(): void {
    this.#kept -= 1;
    this.#uselessDeaths += 1;
    setTimeout(() => this.#grow(), backoff(this.#uselessDeaths, LONGEST_PAUSE)).unref();
  }

  async #end(thread: HeavyThread): Promise<void> {
    this.#idle.delete(thread);
    await thread.kill();
  }

  // ---- runs ----

  #pump(): void {
    while (this.#queue.size > 0) {
      const [thread] = this.#idle;
      if (thread === undefined) return this.#grow();
      this.#idle.delete(thread);
      const job = this.#queue.shift()!;
      const over = Promise.withResolvers<void>();
      this.#runs.set(job, { thread, over: over.promise });
      void this.#run(job, thread).finally(over.resolve);
    }
  }

  async #run(job: HeavyJob, thread: HeavyThread): Promise<void> {
    const run = this.#runs.get(job)!;
    const { name, timeout, port } = job.order;
    const late = () => this.#onLate(job);
    const limit = timeout > LONGEST_TIMER ? undefined : setTimeout(late, timeout).unref();
    job.started();
    let lives = true;
    try {
      const outcome = await thread.run({ name, port });
      run.outcome ??= outcome ?? "aborted";
    } catch (error) {
      lives = false;
      run.outcome ??= "crashed";
      job.lost(new JobCrashedError(`${name}() of ${this.#options.name} did not finish: ${(error as Error).message}`));
    }
    clearTimeout(limit);
    clearTimeout(run.grace);
    this.#runs.delete(job);
    job.drop();
    this.#options.jobEnded(job, run.outcome);
    if (!lives) return;
    this.#uselessDeaths = 0;
    if (!thread.isSpent) return this.#onFree(thread);
    this.#options.crashed();
    void this.#end(thread);
  }

  #onLate(job: HeavyJob): void {
    const seconds = job.order.timeout / 1000;
    const message = `${job.order.name}() of ${this.#options.name} did not finish within ${seconds} s`;
    const error = new DOMException(message, "TimeoutError");
    job.lost(error);
    this.#abort(job, "timed_out", error);
  }

  /** Lets the function end itself; kills its thread if it does not. */
  #abort(job: HeavyJob, outcome: JobOutcome, reason: Error): void {
    const run = this.#runs.get(job);
    if (run === undefined || run.grace !== undefined) return;
    run.outcome = outcome;
    run.thread.abort(reason, true);
    run.grace = setTimeout(() => void run.thread.kill(), GRACE).unref();
  }

  // ---- refusals ----

  #fail(error: Error): void {
    this.#isRetired = true;
    this.#refuse(error);
    for (const thread of this.#threads) void this.#end(thread);
  }

  #refuse(reason: Error): void {
    this.#refusal ??= reason;
    this.#loseWaiting(reason);
  }

  #loseWaiting(reason: Error): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) job.lost(reason);
  }
}

/** An application that lets it escape has not settled its event, which is delivered again. */
function unstarted(): DisconnectedError {
  return new DisconnectedError("the job was not started: its event is to be given up");
}
