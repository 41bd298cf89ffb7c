/** The scenarios: for each, its servers, their loads, and the figures to report. */

import { availableParallelism } from "node:os";
import type { Load, Phase } from "./load.ts";
import type { Run } from "./measure.ts";
import { asgigram, PEERS, type Peer, PROGRAMS } from "./peers.ts";

export interface Scenario {
  readonly name: string;
  /** The description above its table. */
  readonly about: string;
  /** Runs of each entry. The entries take turns. */
  readonly runs: number;
  readonly entries: readonly Entry[];
  readonly figures: readonly Figure[];
  /** The time of one heavy update on one thread: ms. */
  readonly heavyMs?: number;
  /** The idle time before each reading of a server's memory: ms. */
  readonly settle?: number;
}

/** A row of the table. */
export interface Entry {
  readonly name: string;
  readonly peer: Peer;
  readonly load: Load;
}

/** A column of the table: a number computed from one run. */
export interface Figure {
  readonly name: string;
  readonly digits: number;
  of(run: Run): number;
}

// ---- figures ----

const throughput = figure("updates/s", 0, (run) => last(run).updates / last(run).seconds);
const cpu = figure("CPU us/update", 1, (run) => last(run).cpu / last(run).updates);
const cpuWithStart = figure("with the start", 1, (run) => run.cpu / sum(run.phases.map(({ updates }) => updates)));
const stubCpu = figure("stub us/update", 1, (run) => last(run).stubCpu / last(run).updates);
const p50 = figure("p50 ms", 1, (run) => last(run).light.p50);
const p99 = figure("p99 ms", 1, (run) => last(run).light.p99);
const lightP50 = figure("light p50 ms", 1, (run) => last(run).light.p50);
const lightP99 = figure("light p99 ms", 1, (run) => last(run).light.p99);
const heavyP50 = figure("heavy p50 ms", 1, (run) => last(run).heavy.p50);
const heavyP99 = figure("heavy p99 ms", 1, (run) => last(run).heavy.p99);
const pollGapP99 = figure("poll gap p99 ms", 1, (run) => last(run).pollGaps.p99);
const pollGapMax = figure("poll gap max ms", 1, (run) => last(run).pollGaps.max);
/** The number of threads that would reach this throughput with heavy work alone. */
const threadsWorth = figure("x one thread", 2, (run) => (throughput.of(run) * run.heavyMs!) / 1000);
const peak = figure("peak MB", 0, (run) => megabytes(last(run).memory.peak));
const memoryAtStart = figure("MB at start", 0, (run) => megabytes(run.memoryAtStart.resident));
const memoryAtEnd = figure("MB at end", 0, (run) => megabytes(last(run).memory.resident));
const startCpu = figure("CPU ms", 0, (run) => run.cpu / 1000);
const firstPoll = figure("ms to first poll", 0, (run) => run.startMs);

function figure(name: string, digits: number, of: (run: Run) => number): Figure {
  return { name, digits, of };
}

function last(run: Run): Run["phases"][number] {
  return run.phases.at(-1)!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function kilobytes(bytes: number): number {
  return bytes / 1e3;
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}

// ---- loads ----

/** A chat stays with its worker: with more workers, fewer chats wait behind a heavy one. */
const MANY_WORKERS = asgigram({
  name: "asgigram (4 workers per core)",
  flags: [`--workers=${4 * availableParallelism()}`],
});

function backlog(updates: number, chats: number): Load {
  return { phases: [{ updates, chats }] };
}

/** @param sequential a small load for servers that handle one update after another: under latency they are slow */
function each(peers: readonly Peer[], load: Load, sequential: Load = load): Entry[] {
  return peers.map((peer) => ({ name: peer.name, peer, load: peer.isSequential ? sequential : load }));
}

// ---- memory ----

/** Phases of the memory scenario: heaps before; a first message for each chat; heaps after; a second for some. */
const [BEFORE, FIRST, AFTER, SECOND] = [0, 1, 2, 3];
/** Enough chats to reach every worker: each answer has the heap of its own thread. */
const asking: Phase = { updates: 8, chats: 8, asksForHeap: true };

function crowd(chats: number): Load {
  const updates = Math.min(chats, 20_000);
  return { phases: [asking, { updates: chats, chats }, asking, { updates, chats, stride: chats / updates }] };
}

/** The growth of the process since before the first message, with all garbage; then without the workers' garbage. */
const perInstance = figure("KB/instance", 2, (run) => growth(run, FIRST));
const perInstanceCollected = figure("workers collected", 2, (run) => growth(run, AFTER));

function growth(run: Run, phase: number): number {
  return kilobytes(run.phases[phase]!.memory.resident - run.memoryAtStart.resident) / run.phases[FIRST]!.updates;
}

const heapPerInstance = figure("of which in their heaps", 2, (run) => {
  const [before, first, after] = [run.phases[BEFORE]!, run.phases[FIRST]!, run.phases[AFTER]!];
  return kilobytes(sum(after.heaps) - sum(before.heaps)) / first.updates;
});
const firstCpu = figure("CPU us, first message", 1, (run) => run.phases[FIRST]!.cpu / run.phases[FIRST]!.updates);
const secondCpu = figure("CPU us, second", 1, (run) => run.phases[SECOND]!.cpu / run.phases[SECOND]!.updates);

function memoryEntry(name: string, chats: number, flags: readonly string[] = []): Entry {
  return { name, peer: asgigram({ flags, nodeFlags: ["--expose-gc"] }), load: crowd(chats) };
}

// ---- growth ----

function growthEntry(name: string, updates: number, chats: number): Entry {
  const phases = [10_000, updates].map((count) => ({ updates: count, chats }));
  return { name, peer: asgigram(), load: { phases } };
}

// ---- scenarios ----

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "echo",
    about: "20,000 messages of 1,000 chats are waiting. The bot answers each.",
    runs: 5,
    entries: each(PEERS, backlog(20_000, 1000)),
    figures: [throughput, cpu, cpuWithStart, stubCpu, p50, p99, peak, memoryAtStart, memoryAtEnd, firstPoll],
  },
  {
    name: "steady",
    about: "Like echo, after 10,000 other messages of the same chats, which are not measured and warm up V8.",
    runs: 3,
    entries: each(PEERS, { phases: [10_000, 20_000].map((updates) => ({ updates, chats: 1000 })) }),
    figures: [throughput, cpu, stubCpu, p50, p99, peak],
  },
  {
    name: "stub",
    about: "The cost of the bench's own Bot API. No row of any table includes it.",
    runs: 3,
    entries: each(
      PEERS.filter(({ name }) => name === "bare"),
      backlog(20_000, 1000),
    ),
    figures: [stubCpu, throughput],
  },
  {
    name: "latency",
    about:
      "Like echo, but every call takes 20 ms. Servers that handle one update after another, at most 50 a second, get 500 messages.",
    runs: 3,
    entries: each(PEERS, { ...backlog(20_000, 1000), latency: 20 }, { ...backlog(500, 500), latency: 20 }),
    figures: [throughput, cpu, p50, p99, peak],
  },
  {
    name: "mix",
    about:
      "120 messages a second arrive from 100 chats for 20 s, at random times. One in five takes 48 ms of hashing, which blocks " +
      "a thread.",
    runs: 3,
    heavyMs: 48,
    entries: each([MANY_WORKERS, ...PEERS], { phases: [{ updates: 2400, chats: 100, rate: 120, heavyEvery: 5 }] }),
    figures: [lightP50, lightP99, heavyP50, heavyP99, pollGapP99, pollGapMax, throughput, cpu],
  },
  {
    name: "heavy",
    about: "400 messages of 100 chats are waiting. Each takes 24 ms of hashing.",
    runs: 3,
    heavyMs: 24,
    entries: each(PEERS, { phases: [{ updates: 400, chats: 100, heavyEvery: 1 }] }),
    figures: [throughput, threadsWorth, pollGapP99, pollGapMax, peak],
  },
  {
    name: "programs",
    about:
      "Like echo: the bots of grammY and Telegraf by themselves, and the same files under asgigram, with one worker and the inbox. " +
      "`grammy-fetch` makes its calls with the global fetch.",
    runs: 5,
    entries: each(PROGRAMS, backlog(20_000, 1000)),
    figures: [throughput, cpu, memoryAtStart, memoryAtEnd, peak],
  },
  {
    name: "memory",
    about:
      "Each chat sends one message, and each instance stays. Then 20,000 of the chats send one more. KB/instance is the growth " +
      "of the process (VmRSS) from before the first message to 10 s after the last, with all garbage, divided by the chats. " +
      "Then the workers collect their garbage (--expose-gc), the main thread does not. The next two columns are the growth of " +
      "the process 10 s later, and of the heaps in use in the workers, each divided by the chats.",
    runs: 3,
    settle: 10_000,
    entries: [
      memoryEntry("100k chats", 100_000),
      memoryEntry("1M chats", 1_000_000),
      memoryEntry("100k chats -m 10000", 100_000, ["--max-applications=10000"]),
    ],
    figures: [perInstance, perInstanceCollected, heapPerInstance, peak, memoryAtStart, firstCpu, secondCpu],
  },
  {
    name: "start",
    about: "The time from the start of the process to its first poll.",
    runs: 10,
    entries: each(PEERS, backlog(1, 1)),
    figures: [firstPoll, startCpu, memoryAtStart],
  },
  {
    name: "hot",
    about: "5,000 messages of one chat are waiting. The bot answers each after the one before.",
    runs: 3,
    entries: each(PEERS, backlog(5000, 1)),
    figures: [throughput, cpu, p50, p99],
  },
  {
    name: "growth",
    about: "Like echo, with other numbers of messages and chats, after 10,000 other messages that are not measured.",
    runs: 3,
    entries: [
      growthEntry("2k of 1k", 2000, 1000),
      growthEntry("20k of 1k", 20_000, 1000),
      growthEntry("200k of 1k", 200_000, 1000),
      growthEntry("200k of 10", 200_000, 10),
      growthEntry("200k of 100k", 200_000, 100_000),
    ],
    figures: [cpu, throughput, stubCpu, peak],
  },
  {
    name: "sessions",
    about: "Like echo, with and without a session in asgigram/storage, which is read and changed with each message.",
    runs: 7,
    entries: each([asgigram(), asgigram({ name: "with sessions", bot: "asgigram-sessions" })], backlog(20_000, 1000)),
    figures: [throughput, cpu, p50, p99, peak],
  },
  {
    name: "inbox",
    about: "Like echo, with and without the inbox's file.",
    runs: 7,
    entries: each([asgigram(), asgigram({ name: "--no-inbox", flags: ["--no-inbox"] })], backlog(20_000, 1000)),
    figures: [throughput, cpu, p50, p99, peak],
  },
  {
    name: "journal",
    about: "80,000 messages of 1,000 chats are waiting, with and without the journal of calls.",
    runs: 10,
    entries: each([asgigram(), asgigram({ name: "--no-journal", flags: ["--no-journal"] })], backlog(80_000, 1000)),
    figures: [throughput, cpu, p50, p99, peak],
  },
];
