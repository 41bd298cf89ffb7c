/**
 * Measures what ten poisonous events among 5,000 at 1,000 a second cost the others, by the way in which they kill:
 *
 *   npm run bench:deaths                    every way
 *   npm run bench:deaths -- exit heap       some of them
 *
 * Two workers, 200 chats, an application that starts in 0.2 s. The poisonous events have chats of their own. It fails if an answer is
 * missing or an event is a dead letter that should not be one.
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import type { Load } from "../load.ts";
import { measure, type Run } from "../measure.ts";
import { asgigram, type Peer } from "../peers.ts";

interface Way {
  readonly deed: string;
  readonly flags?: readonly string[];
  /** Most time, as a multiple of the run without poison, and beside it: s. */
  readonly factor: number;
  readonly extra?: number;
  /** Longest wait of another chat: ms. */
  readonly wait: number;
}

const POISONOUS = 10;
const UPDATES = 5000;
/** Attempts at each poisonous event; each costs a stall. */
const ATTEMPTS = 3;
const STALL_TIMEOUT = 2;

const WAYS: readonly Way[] = [
  { deed: "none", factor: 1, wait: 500 },
  { deed: "exit", factor: 1.5, wait: 500 },
  { deed: "throw", factor: 1.5, wait: 500 },
  { deed: "throw without context", factor: 1.5, wait: 500 },
  { deed: "rejection", factor: 1.5, wait: 500 },
  { deed: "heap", flags: ["--worker-memory=64"], factor: 2, wait: 2000 },
  {
    deed: "loop",
    flags: [`--stall-timeout=${STALL_TIMEOUT}`],
    factor: 2,
    extra: POISONOUS * ATTEMPTS * STALL_TIMEOUT,
    wait: (STALL_TIMEOUT + 1) * 1000,
  },
  { deed: "native crash", factor: 1.5, wait: 500 },
];

const LOAD: Load = {
  phases: [
    // Every chat but the poisonous has been answered before.
    { updates: 1000, chats: 200, rate: 1000, isEven: true },
    { updates: UPDATES, chats: 200, rate: 1000, heavyEvery: UPDATES / POISONOUS, heavyChats: POISONOUS, isEven: true },
  ],
};

const wanted = process.argv.slice(2);
const ways = WAYS.filter(({ deed }) => deed === "none" || wanted.length === 0 || wanted.includes(deed));

const rows: string[][] = [];
let base = Number.NaN;
for (const way of ways) {
  console.error(way.deed);
  const { run, letters } = await attempt(way);
  const { seconds, light, verdict } = run.phases[1] ?? fail(run);
  if (way.deed === "none") base = seconds;
  const poisonous = way.deed === "none" ? 0 : POISONOUS;
  const most = way.factor * base + (way.extra ?? 0);
  const isGood = verdict.lost === poisonous && letters === poisonous;
  rows.push([
    way.deed,
    judged(seconds, most, "s", 1),
    judged(light.max / 1000, way.wait / 1000, "s", 2),
    `${Math.round(light.p99)} ms`,
    `${verdict.repeated}`,
    `${letters}${isGood ? "" : ` (${verdict.lost} without an answer)`}`,
  ]);
  if (!isGood) process.exitCode = 1;
}
const head = ["way", "all answered", "longest wait", "p99", "calls twice", "dead letters"];
for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);

function judged(value: number, most: number, unit: string, digits: number): string {
  return `${value.toFixed(digits)} ${unit} (${value <= most ? "<=" : "**above**"} ${most.toFixed(digits)})`;
}

async function attempt({ deed, flags = [] }: Way): Promise<{ run: Run; letters: number }> {
  const ours = asgigram({ flags });
  const application = join(import.meta.dirname, "application.ts:application");
  const command: Peer["command"] = (place) =>
    ours.command(place).map((word) => (word.endsWith(":application") ? application : word));
  let letters = 0;
  const expected = deed === "none" ? 0 : POISONOUS;
  const run = await measure({
    peer: { ...ours, command },
    workers: 2,
    load: { ...LOAD, unanswered: expected },
    env: { BENCH_DEED: deed },
    inspect: async (folder) => {
      letters = await deadLetters(join(folder, "inbox.sqlite"), expected);
    },
  });
  return { run, letters };
}

/** Waits for that many dead letters, for two minutes at most. @returns their number */
async function deadLetters(inbox: string, expected: number): Promise<number> {
  for (let i = 0; ; i++) {
    const letters = new DeadLetters(inbox);
    const { length } = letters.list();
    letters.close();
    if (length >= expected || i === 1200) return length;
    await delay(100);
  }
}

function fail({ faults }: Run): never {
  throw new Error(faults);
}
