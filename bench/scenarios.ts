/** What is measured: who is given which load, and which figures tell how it went. */

import { availableParallelism } from "node:os";
import type { Load, Phase } from "./load.ts";
import type { Run } from "./measure.ts";
import { asgigram, PEERS, type Peer } from "./peers.ts";

export interface Scenario {
  readonly name: string;
  /** What it is, for the reader of its table. */
  readonly about: string;
  /** How often each is measured; all once, then all again. */
  readonly runs: number;
  readonly entries: readonly Entry[];
  readonly figures: readonly Figure[];
  /** What one heavy update takes one thread: ms. */
  readonly heavyMs?: number;
  /** How long servers are left alone before their memory is read: ms. */
  readonly settle?: number;
}

/** A row of the table. */
export interface Entry {
  readonly name: string;
  readonly peer: Peer;
  readonly load: Load;
}

/** A column of the table: what is drawn from one run. */
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
/** How many threads that do nothing but the heavy work would get as far. */
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

/** A chat stays with its worker: the more of them there are, the fewer chats wait behind one that is at heavy work. */
const MANY_WORKERS = asgigram({
  name: "asgigram (4 workers per core)",
  flags: [`--workers=${4 * availableParallelism()}`],
});

function backlog(updates: number, chats: number): Load {
  return { phases: [{ updates, chats }] };
}

/** @param sequential for those who handle one update after another, and would take minutes over a load under latency */
function each(peers: readonly Peer[], load: Load, sequential: Load = load): Entry[] {
  return peers.map((peer) => ({ name: peer.name, peer, load: peer.isSequential ? sequential : load }));
}

// ---- memory ----

/** Phases of the memory scenario: what the heaps hold before and after; a first message for each chat; a second for some. */
const [BEFORE, FIRST, AFTER, SECOND] = [0, 1, 2, 3];
/** Chats enough to meet every worker: the application's answer tells of its own thread. */
const asking: Phase = { updates: 8, chats: 8, asksForHeap: true };

function crowd(chats: number): Load {
  const updates = Math.min(chats, 20_000);
  return { phases: [asking, { updates: chats, chats }, asking, { updates, chats, stride: chats / updates }] };
}

/** What the process has grown by since before the first message, its garbage included; then without what the workers had of it. */
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
    about: "20,000 messages of 1,000 chats are waiting; each is answered.",
    runs: 5,
    entries: each(PEERS, backlog(20_000, 1000)),
    figures: [throughput, cpu, cpuWithStart, stubCpu, p50, p99, peak, memoryAtStart, memoryAtEnd, firstPoll],
  },
  {
    name: "steady",
    about: "Echo after 10,000 other messages of the same chats, which are not measured: V8 has warmed up by then.",
    runs: 3,
    entries: each(PEERS, { phases: [10_000, 20_000].map((updates) => ({ updates, chats: 1000 })) }),
    figures: [throughput, cpu, stubCpu, p50, p99, peak],
  },
  {
    name: "stub",
    about: "What the Bot API of the bench costs itself, which no row of any table contains.",
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
      "The same, and every call takes 20 ms to be answered. Who handles one update after another gets 500: it is 50 a second.",
    runs: 3,
    entries: each(PEERS, { ...backlog(20_000, 1000), latency: 20 }, { ...backlog(500, 500), latency: 20 }),
    figures: [throughput, cpu, p50, p99, peak],
  },
  {
    name: "mix",
    about:
      "120 messages a second come from 100 chats for 20 s, any of them at any moment; one in five takes 48 ms of hashing, which " +
      "blocks a thread.",
    runs: 3,
    heavyMs: 48,
    entries: each([MANY_WORKERS, ...PEERS], { phases: [{ updates: 2400, chats: 100, rate: 120, heavyEvery: 5 }] }),
    figures: [lightP50, lightP99, heavyP50, heavyP99, pollGapP99, pollGapMax, throughput, cpu],
  },
  {
    name: "heavy",
    about: "400 messages of 100 chats are waiting, each of which takes 24 ms of hashing.",
    runs: 3,
    heavyMs: 24,
    entries: each(PEERS, { phases: [{ updates: 400, chats: 100, heavyEvery: 1 }] }),
    figures: [throughput, threadsWorth, pollGapP99, pollGapMax, peak],
  },
  {
    name: "memory",
    about:
      "One message from each chat, and each instance stays; then one more from 20,000 of them. KB/instance is by how much the " +
      "process has grown (VmRSS) from before the first message to 10 s after the last, garbage and all, divided by the chats. " +
      "Then the application has the workers collect theirs (--expose-gc; not so the main thread): what is resident 10 s after, " +
      "and how much of it their heaps have in use, again by growth and by chat.",
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
    about: "From the start of the process to its first poll.",
    runs: 10,
    entries: each(PEERS, backlog(1, 1)),
    figures: [firstPoll, startCpu, memoryAtStart],
  },
  {
    name: "hot",
    about: "5,000 messages of one chat are waiting; each is answered after the one before.",
    runs: 3,
    entries: each(PEERS, backlog(5000, 1)),
    figures: [throughput, cpu, p50, p99],
  },
  {
    name: "growth",
    about: "Echo at other sizes: so many messages of so many chats, after 10,000 others that are not measured.",
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
    name: "inbox",
    about: "Echo with and without the inbox's file.",
    runs: 7,
    entries: [asgigram(), asgigram({ name: "--no-inbox", flags: ["--no-inbox"] })].map((peer) => ({
      name: peer.name,
      peer,
      load: backlog(20_000, 1000),
    })),
    figures: [throughput, cpu, p50, p99, peak],
  },
];
