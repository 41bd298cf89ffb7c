/**
 * Builds the stages of a server, once the bot is known, and hands each the functions that it needs.
 *
 * The file is longer than others because each function that one stage needs of another is named here.
 */

import { availableParallelism } from "node:os";
import type { Config } from "./config/config.ts";
import { findImports } from "./config/imports.ts";
import { parseAddress } from "./config/listen-address.ts";
import { MACHINE, usefulThreads } from "./config/machine.ts";
import { optionAt } from "./config/options.ts";
import { Heavy } from "./heavy/heavy.ts";
import type { Inbox } from "./inbox/inbox.ts";
import type { Diagnostics } from "./observe/diagnostics.ts";
import { HeavyLog } from "./observe/heavy-log.ts";
import { type Logger, onLevelChange } from "./observe/logger.ts";
import type { WorkerLog } from "./observe/worker-log.ts";
import { openInbox } from "./open-inbox.ts";
import { placeOf } from "./protocol/place.ts";
import type { CommonTask } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import { type Hide, tokenFinder } from "./protocol/secrets.ts";
import type { Election, UpdateSource } from "./protocol/update-source.ts";
import { ChatActions } from "./sends/chat-actions.ts";
import { Journal } from "./sends/journal.ts";
import type { Outbox } from "./sends/outbox.ts";
import { type WorkerCall, WorkerCalls } from "./sends/worker-calls.ts";
import type { BotApi } from "./telegram/bot-api.ts";
import { ElectedSource } from "./telegram/elected-source.ts";
import { Poller } from "./telegram/poller.ts";
import { Webhook } from "./telegram/webhook.ts";
import { WorkerPool } from "./threads/pool.ts";
import { Room } from "./threads/room.ts";
import type { Threads } from "./threads/threads.ts";
import { Recorder } from "./updates/recorder.ts";
import { Updates } from "./updates/updates.ts";

/**
 * The parts of a server that tests and `asgigram simulate` replace: the inbox, the source of its updates, the patience at a stop, the
 * tokens of programs.
 */
export interface Parts {
  openInbox(config: Config, bot: Entity, log: Logger): Inbox | Promise<Inbox>;
  createSource(options: SourceOptions): UpdateSource;
  /** Time that a stop leaves to updates that only memory holds, before it tells their instances: ms. */
  patience(config: Config): number;
  /** The code of a bot's program may have any token in it: all of them are the simulated bot's. */
  readonly anyToken: boolean;
}

export interface SourceOptions {
  readonly config: Config;
  readonly api: BotApi;
  readonly log: Logger;
  /** Kinds of update to receive; empty for Telegram's default. */
  kinds(): readonly string[];
  /**
   * Stores a batch. Resolves when the batch is stored for good and there is room for another.
   * @returns the number of updates that were not known before
   */
  received(updates: readonly unknown[], signal: AbortSignal): Promise<number>;
  /** True while there is no room, and updates are to wait at Telegram. */
  isFull(): boolean;
  /** Of servers that share an inbox. */
  readonly election?: Election | undefined;
  /** Observes each poll at its end. */
  polled(updates: number, duration: number, error?: Error): void;
}

/** The kind of thread that asks for room. */
const HEAVY = "heavy thread";

/** Time that an instance has to give up its event, when the stop is about to be over: ms. */
const LAST_WORDS = 1000;

export const PARTS: Parts = {
  openInbox,
  createSource,
  patience: ({ shutdownTimeout }) => Math.max(0, shutdownTimeout - LAST_WORDS),
  anyToken: false,
};

export interface AssemblyOptions {
  config: Config;
  parts: Parts;
  /** The bot itself, as getMe describes it. */
  bot: Entity;
  inbox: Inbox;
  api: BotApi;
  outbox: Outbox;
  threads: Threads;
  words: WorkerLog;
  hide: Hide;
  diagnostics: Diagnostics;
  log: Logger;
  /** Handles a fatal error. */
  onError(error: Error): void;
}

export interface Assembly {
  readonly inbox: Inbox;
  readonly recorder: Recorder;
  readonly updates: Updates;
  readonly heavy: Heavy;
  readonly chatActions: ChatActions;
  readonly pool: WorkerPool;
  readonly source: UpdateSource;
  /** Kinds of update that the source asks for; empty for Telegram's default. */
  kinds(): readonly string[];
}

const FULL_JOURNAL =
  "an event has made more calls than the journal keeps (1,000, or 1 MB): if it is delivered again, the others are made again";

/** Builds the stages. None of them is started. */
export function assemble(options: AssemblyOptions): Assembly {
  const { config, parts, bot, inbox, api, outbox, threads, words, hide, diagnostics, log, onError } = options;
  const { line, urgent, workers, maxAttempts, inboxLimit, breaker, maxAge, stallTimeout, shutdownTimeout } = config;
  const { programWorkers } = config;
  const { recycleAfter, memoryLimit, workerMemory, reload: watchesFiles } = config;
  const recorder = new Recorder({
    inbox,
    outbox,
    refused: (worker, seqs) => updates.refused(worker, seqs),
    loaded: (arrivals, bodies) => updates.loaded(arrivals, bodies),
    onError,
  });
  const journal = new Journal<WorkerCall>({
    keepsCalls: config.journal,
    isSecret: tokenFinder(config.token),
    // Without a file nothing outlives the process.
    record: inbox.isDurable ? recorder.journaled.bind(recorder) : () => {},
    onFull: (event) => log.warn(placeOf(event), FULL_JOURNAL),
  });
  const updates = new Updates({
    inbox,
    recorder,
    journal,
    bot,
    line,
    urgent,
    workers,
    maxAttempts,
    limit: inboxLimit,
    breaker,
    oldest: (Date.now() - maxAge) / 1000,
    words,
    hide,
    suspected: () => pool.startQuarantine(),
    onError,
    log,
    diagnostics,
  });
  const chatActions = new ChatActions({
    request: api.make.bind(api),
    posted: (worker, seq) => updates.posted(worker, seq),
    isPaused: outbox.isPaused.bind(outbox),
    log,
  });
  const calls = new WorkerCalls({
    outbox,
    chatActions,
    journal,
    uncertain: config.uncertain,
    onPosted: recorder.schedule.bind(recorder),
    posted: (worker, seq) => updates.posted(worker, seq),
    observe: (worker, call, origin) => diagnostics.sending(worker, call, origin),
    log,
  });
  const room = new Room({ limit: memoryLimit, resident: () => process.memoryUsage.rss() });
  const heavy = new Heavy({
    threads: usefulThreads(MACHINE),
    memory: workerMemory,
    imports: findImports(config.import, config.directory),
    workersYield: outnumberProcessors(workers),
    // Without a limit the threads of a module start together.
    hasRoom: memoryLimit === Number.POSITIVE_INFINITY ? undefined : () => room.has(HEAVY),
    onStarting: (loaded) => room.measure(HEAVY, loaded),
    words: new HeavyLog(log),
    diagnostics,
    onImported: watchesFiles ? (file) => pool.imported(file) : undefined,
  });
  const pool = new WorkerPool({
    workers,
    programWorkers,
    threads,
    task: taskOf(config, bot, parts),
    stallTimeout,
    grace: shutdownTimeout,
    restart: { recycleAfter, memoryLimit, watchesFiles },
    room,
    shrink: () => heavy.shrink(),
    onPushed: recorder.pushed.bind(recorder),
    updates,
    calls,
    values: recorder,
    jobs: heavy,
    words,
    diagnostics,
    log,
  });
  onLevelChange(log, () => pool.setDebug(log.isLevelEnabled("debug")));
  let kinds = config.allowedUpdates;
  const askedKinds = () => {
    // Of a worker that starts again they are not known yet.
    if (!isGiven(config.allowedUpdates)) kinds = pool.program?.updates ?? kinds;
    return kinds;
  };
  const { election } = inbox;
  const create = () =>
    parts.createSource({
      config,
      api,
      log,
      kinds: askedKinds,
      received: updates.received.bind(updates),
      isFull: () => updates.fullSince !== undefined,
      election,
      polled: diagnostics.polled.bind(diagnostics),
    });
  // A webhook's requests arrive at whichever machine a proxy chooses.
  const source =
    election === undefined || config.webhook !== false ? create() : new ElectedSource({ election, create, log });
  return { inbox, recorder, updates, heavy, chatActions, pool, source, kinds: askedKinds };
}

/** True for a list of --allowed-updates: a program asks for kinds of its own. */
function isGiven(kinds: readonly string[]): boolean {
  return kinds !== optionAt("allowedUpdates").default;
}

function createSource({ config, api, log, kinds, received, isFull, election, polled }: SourceOptions): UpdateSource {
  const { webhook: url } = config;
  if (url !== false) {
    return new Webhook({
      token: config.token,
      url,
      listen: parseAddress(config.webhookListen),
      maxConnections: config.webhookMaxConnections,
      certificate: config.webhookCertificate,
      key: config.webhookKey,
      allowedUpdates: kinds,
      call: api.call.bind(api),
      post: api.post.bind(api),
      received,
      isFull,
      election,
      log,
    });
  }
  return new Poller({
    allowedUpdates: kinds,
    getUpdates: api.getUpdates.bind(api),
    received,
    polled,
    log,
  });
}

function taskOf(config: Config, bot: Entity, { anyToken }: Parts): Omit<CommonTask, "debug"> {
  const {
    application,
    directory,
    interface: asgi,
    lifespan,
    line,
    urgent,
    maxApplications,
    workers,
    idleTimeout,
    eventTimeout,
    retry,
    breaker,
    sessionAge,
    onFailure,
    mayBeProgram,
    shutdownTimeout,
    reload,
  } = config;
  return {
    application,
    directory,
    interface: asgi,
    imports: findImports(config.import, directory),
    lifespan,
    bot,
    line,
    urgent,
    // A worker without instances could not work.
    maxInstances: Math.max(1, Math.floor(maxApplications / workers)),
    idleTimeout,
    eventTimeout,
    retry,
    breaker,
    sessionAge,
    onFailure: onFailure === false ? undefined : onFailure,
    mayBeProgram,
    anyToken,
    endTimeout: shutdownTimeout,
    watch: reload,
    yields: outnumberProcessors(workers),
  };
}

/** With no more workers than processors the scheduler does well, and priorities would cost some throughput. */
function outnumberProcessors(workers: number): boolean {
  return workers > availableParallelism();
}
