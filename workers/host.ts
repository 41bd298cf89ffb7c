/**
 * The life of one worker thread: it imports the application, runs its lifespan, and keeps the instances of its shards. Everything
 * comes in and goes out through its port.
 *
 * The file is longer than others because it takes every message to a worker.
 */

import { setImmediate as turn } from "node:timers/promises";
import { Batch } from "../src/protocol/batch.ts";
import { AsgigramError, WorkerError } from "../src/protocol/errors.ts";
import type { DisconnectReason } from "../src/protocol/events.ts";
import { JobsClient } from "../src/protocol/jobs-client.ts";
import type { EventItem, HostTask, StartFailure, StopSignal, ToMain, ToWorker } from "../src/protocol/port.ts";
import { BEAT, type Measures, Pulse } from "../src/protocol/pulse.ts";
import { provide } from "../src/protocol/services.ts";
import { BlockWatch } from "./block-watch.ts";
import { Calls } from "./calls.ts";
import { currentEvent, deliveryOf } from "./current-event.ts";
import { DeadLetterNotices } from "./dead-letter-notices.ts";
import { readEvent } from "./event.ts";
import { EventsAtWork } from "./events-at-work.ts";
import { watchImports } from "./imports.ts";
import type { Delivered } from "./instance.ts";
import { Instances } from "./instances.ts";
import { createLifespan, type Lifespan } from "./lifespan.ts";
import { type Asgi3, importAll, loadApplication } from "./loader.ts";
import { giveUpStartingThreads } from "./permission.ts";
import { yieldToMainThread } from "./priority.ts";
import { endProgram, watchEndListeners } from "./program/ending.ts";
import { watchHazards } from "./program/hazards.ts";
import { becomeMain } from "./program/main-module.ts";
import type { Program } from "./program/program.ts";
import { describe, Reporter } from "./reporter.ts";
import { Retries } from "./retries.ts";
import { ValuesClient } from "./values-client.ts";

/**
 * Piscina requires this file first. Without this name Node.js wraps the exports of a required module in another one, and a thread that is
 * ended within that step ends the process (`CreateRequiredModuleFacade`, a failed assertion).
 */
export const __esModule = true;

/** Events of one message behind which others wait: half of those that may be on their way. */
const MANY = 16;

/** Part of a program's time for its end that is left to the server: ms. */
const MARGIN = 500;

/** Piscina's entry: one endless task per thread, which only the main thread ends. */
export default async function host(task: HostTask): Promise<void> {
  if (task.yields) yieldToMainThread();
  giveUpStartingThreads();
  const parts = createParts(task);
  const { outbound, reporter, calls, values } = parts;
  // A program makes calls, and reads stored values, while it starts. Everything else waits for the end of the start.
  const early: ToWorker[] = [];
  let isImporting = true;
  /** A program listens for its end. A stop waits for the end of any other import. */
  let isListening = false;
  let isToldToEnd = false;
  const answer = (items: ToWorker[]) => {
    for (const item of items) {
      if (item.type === "drain" && isImporting && isListening) {
        isToldToEnd = true;
        void endBeforeLaunch(parts, watched?.program, item.signal);
      } else if (!takeAnswer(item, calls, values)) early.push(item);
    }
  };
  task.port.on("message", answer);
  const watched = task.mayBeProgram ? await expectProgram(task, calls) : undefined;
  const onListener = () => {
    isListening = true;
    outbound.push({ type: "startup" });
    // The import may block the thread.
    outbound.flush();
  };
  if (watched !== undefined) watchEndListeners(onListener);
  try {
    const application = await load(parts, watched?.program);
    isImporting = false;
    if (isToldToEnd) await new Promise(() => {});
    const facts = watched?.program.facts;
    watched?.hazards.end();
    if (facts === undefined) watched?.restoreInstance();
    const lifespan = createLifespan(facts === undefined ? task.lifespan : "off", application, reporter.log);
    if (facts === undefined) outbound.push({ type: "startup" });
    await lifespan.startup();
    // Modules that it has named.
    await parts.jobs.loaded();
    // A rejected promise that the import left behind ends the thread now, before events come.
    await turn();
    outbound.push({ type: "ready", ...(facts && { program: facts, hazards: [...(watched?.hazards.found ?? [])] }) });
    task.port.off("message", answer);
    const host = new Host({ ...parts, early, application, state: lifespan.state });
    const drained = await host.drained;
    outbound.push({ type: "drained", unseen: drained.unseen });
    // A replacement may wait for this; it need not wait for the lifespan.
    outbound.flush();
    if (facts === undefined) await lifespan.shutdown();
    else await endProgramOf(parts, watched?.program, drained);
    outbound.push({ type: "ended" });
  } catch (error) {
    // An import may fail because its program ends.
    if (!isToldToEnd) outbound.push({ type: "unready", error: startFailure(error) });
  }
  reporter.finish();
  await new Promise(() => {});
}

/** The parts of a worker that are there before its application. */
interface HostParts {
  readonly task: HostTask;
  readonly outbound: Batch<ToMain>;
  readonly reporter: Reporter;
  readonly deadLetters: DeadLetterNotices;
  readonly calls: Calls;
  readonly values: ValuesClient;
  readonly jobs: JobsClient;
  readonly pulse: Pulse;
  readonly atWork: EventsAtWork;
}

function createParts(task: HostTask): HostParts {
  const outbound = new Batch<ToMain>(task.port);
  const reporter = new Reporter(outbound, task.debug);
  if (task.watch) {
    watchImports((file) => {
      outbound.push({ type: "imported", file });
      // The import may end the thread, or never end.
      outbound.flush();
    });
  }
  const current = () => currentEvent()?.delivery;
  const jobs = new JobsClient(task.jobs, current);
  const deadLetters = new DeadLetterNotices({ reporter, text: task.onFailure });
  const pulse = new Pulse(task.pulse);
  const atWork = new EventsAtWork();
  const values = new ValuesClient(outbound, pulse, task.sessionAge);
  provide({
    jobs,
    values,
    currentDelivery: current,
    // Code of a queue that the application has belongs to no event, or to another one.
    deliveryOf: (update) => deliveryOf(update) ?? atWork.deliveryOf(update),
    onDeadLetter: (handler) => {
      deadLetters.handler = handler;
    },
    currentJob: () => undefined,
  });
  return { task, outbound, reporter, deadLetters, calls: new Calls(outbound, pulse), values, jobs, pulse, atWork };
}

/** Imports the application, and waits for the modules of its offload(). */
async function load({ task, reporter, jobs }: HostParts, program: Program | undefined): Promise<Asgi3> {
  await importAll(task.imports);
  const onImport = task.mayBeProgram ? becomeMain : undefined;
  const onLong = (message: string) => reporter.log("warn", message);
  const { application: name, directory, interface: asgi } = task;
  const application = await loadApplication(name, directory, asgi, program, onImport, onLong);
  await jobs.loaded();
  return application;
}

/** Watches an application that may turn out to be a bot's program, from before its import. */
async function expectProgram(task: HostTask, calls: Calls) {
  const hazards = watchHazards(task.directory);
  const restoreInstance = setInstance(task.worker);
  return { hazards, restoreInstance, program: await watchProgram(task, calls) };
}

/** Ends a program that has not started its bot, or whose modules of offload() are not loaded. */
async function endBeforeLaunch(parts: HostParts, program: Program | undefined, signal: StopSignal): Promise<void> {
  const { outbound, reporter } = parts;
  outbound.push({ type: "drained", unseen: [] });
  outbound.flush();
  await endProgramOf(parts, program, { unseen: [], signal, at: performance.now() });
  outbound.push({ type: "ended" });
  reporter.finish();
}

async function endProgramOf(
  { task, reporter, calls }: HostParts,
  program: Program | undefined,
  { signal, at }: Drained,
): Promise<void> {
  reporter.isEnding = true;
  await endProgram({
    signal,
    limit: Math.max(0, task.endTimeout - MARGIN - (performance.now() - at)),
    openCalls: () => calls.open,
    onTold: () => program?.endPolls(),
    log: reporter.log,
  });
}

/** The code for programs is more than half of a worker's own: an application starts without it. */
async function watchProgram({ bot, anyToken }: HostTask, calls: Calls): Promise<Program> {
  const { Program } = await import("./program/program.ts");
  return new Program(bot, calls, anyToken);
}

/**
 * Gives the worker's number to a program, which may do once-only work in the first. Programs know the name from PM2.
 * @returns takes it back
 */
function setInstance(worker: number): () => void {
  const before = process.env.NODE_APP_INSTANCE;
  process.env.NODE_APP_INSTANCE = `${worker}`;
  return () => {
    if (before === undefined) delete process.env.NODE_APP_INSTANCE;
    else process.env.NODE_APP_INSTANCE = before;
  };
}

interface Drained {
  /** Numbers of the events that no application received. */
  readonly unseen: number[];
  /** The signal for a program. */
  readonly signal: StopSignal;
  /** Time of the request, as performance.now() has it. */
  readonly at: number;
}

interface HostOptions extends HostParts {
  /** Items that came during the start. */
  readonly early: readonly ToWorker[];
  readonly application: Asgi3;
  /** State of the lifespan, which all instances share. */
  readonly state: Lifespan["state"];
}

class Host {
  /** Resolves when the main thread has asked for it and every instance has ended. */
  readonly drained: Promise<Drained>;

  readonly #calls: Calls;
  readonly #values: ValuesClient;
  readonly #instances: Instances;
  readonly #retries: Retries;
  readonly #outbound: Batch<ToMain>;
  readonly #reporter: Reporter;
  readonly #drained = Promise.withResolvers<Drained>();
  readonly #task: HostTask;

  constructor({
    task,
    early,
    application,
    state,
    outbound,
    reporter,
    deadLetters,
    calls,
    values,
    pulse,
    atWork,
  }: HostOptions) {
    this.drained = this.#drained.promise;
    pulse.beat();
    // Timers that follow one another run without a turn of the event loop between them: the beat is to see them.
    setInterval(() => setImmediate(() => pulse.beat(this.#measures())), BEAT).unref();
    this.#task = task;
    this.#outbound = outbound;
    this.#reporter = reporter;
    this.#calls = calls;
    this.#values = values;
    this.#retries = new Retries(task.retry, task.breaker);
    this.#instances = new Instances({
      application,
      state,
      max: task.maxInstances,
      idleTimeout: task.idleTimeout,
      eventTimeout: task.eventTimeout,
      moveTimeout: task.endTimeout,
      retries: this.#retries,
      again: (item) => this.#read(item),
      reporter,
      outbound,
      calls,
      pulse,
      atWork,
      deadLetters,
      onAnswer: () => blocks.goesOn(),
    });
    reporter.instances = this.#instances;
    pulse.isAlone = () => atWork.isAlone;
    const blocks = new BlockWatch({ task, reporter, pulse, atWork });
    task.port.on("message", (items: ToWorker[]) => {
      blocks.begin(items);
      for (const item of items) this.#receive(item);
    });
    for (const item of early) this.#receive(item);
  }

  #receive(item: ToWorker): void {
    switch (item.type) {
      case "events":
        this.#outbound.push({ type: "taken", seqs: item.events.map(({ seq }) => seq) });
        // The next ones come while these begin. Behind fewer none waits, and a message of its own would cost both threads a turn.
        if (item.events.length >= MANY) this.#outbound.flush();
        for (const event of item.events) this.#instances.deliver(this.#read(event));
        return;
      case "decided":
        return this.#retries.decided(item.seq, item.after);
      case "past":
        return this.#instances.past(item.scope, item.seq, item.past);
      case "deadLettered":
        return this.#instances.deadLettered(this.#read(item.event), deadLetterError(item));
      case "debug":
        this.#reporter.debug = item.debug;
        return;
      case "certain":
        return this.#instances.certain(item.until);
      case "shut":
        return this.#instances.shut(item.shard);
      case "revoke":
        return void this.#revoke(item.shard);
      case "drain":
        return void this.#drain(item.reason, item.signal);
      default:
        takeAnswer(item, this.#calls, this.#values);
    }
  }

  #read(item: EventItem): Delivered {
    const { bot, line, urgent } = this.#task;
    return readEvent(item, bot, line, urgent);
  }

  #measures(): Measures {
    const { heapUsed: heap, external } = process.memoryUsage();
    const { active } = performance.eventLoopUtilization();
    return { instances: this.#instances.size, active, heap, external };
  }

  async #revoke(shard: number): Promise<void> {
    const unseen = await this.#instances.revoke(shard);
    this.#outbound.push({ type: "revoked", shard, unseen });
  }

  async #drain(reason: DisconnectReason, signal: StopSignal): Promise<void> {
    const at = performance.now();
    this.#drained.resolve({ unseen: await this.#instances.drain(reason), signal, at });
  }
}

/** Takes an item about the answer to a call, or to a question about a stored value. @returns false for any other */
function takeAnswer(item: ToWorker, calls: Calls, values: ValuesClient): boolean {
  switch (item.type) {
    case "result":
      calls.succeeded(item.id, item.body);
      return true;
    case "file":
      calls.downloaded(item.id, item.file);
      return true;
    case "failure":
      calls.failed(item.id, item.error);
      return true;
    case "delayed":
      calls.delayed(item.id);
      return true;
    case "got":
      values.answered(item.id, item.value);
      return true;
    case "set":
      values.answered(item.id, undefined);
      return true;
    default:
      return false;
  }
}

function deadLetterError({ error, isOverdue }: Extract<ToWorker, { type: "deadLettered" }>): Error {
  return isOverdue ? new DOMException(error, "TimeoutError") : new WorkerError(error);
}

function startFailure(error: unknown): StartFailure {
  const name =
    (error as Error | undefined)?.name === "StartupFailedError" ? "StartupFailedError" : "ApplicationLoadError";
  const cause = error instanceof AsgigramError ? error.cause : error;
  return {
    name,
    message: error instanceof AsgigramError ? error.message : "the application could not be started",
    ...(cause === undefined ? {} : { detail: describe(cause) }),
  };
}
