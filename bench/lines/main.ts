/**
 * Measures how long members of a group wait for the answer to /ping while three other members of it have heavy jobs:
 *
 *   npm run bench:lines
 *
 * Two workers, a group of 53 members, `--line member`. The mark is a p99 of 50 ms; it fails above.
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { serve } from "../../src/index.ts";
import { type Summary, summarize } from "../statistics.ts";

const JOBS = 3;
const MEMBERS = 50;
const PINGS = 400;
/** Pause between two pings, and longest run of a job: ms. */
const PAUSE = 25;
const RUN = 60_000;
const MARK = 50;

const simulator = await Simulator.start();
const server = await serve({
  token: simulator.token,
  apiUrl: simulator.url,
  application: join(import.meta.dirname, "application.ts"),
  workers: 2,
  inbox: false,
  line: "member",
  logLevel: "error",
  shutdownTimeout: 0,
});

const answered = new Map<string, (at: number) => void>();
const working = Promise.withResolvers<void>();
let atWork = 0;
simulator.observeCalls(({ method, parameters }) => {
  if (method !== "sendMessage") return;
  const text = String(parameters.text);
  if (text === "at work" && ++atWork === JOBS) working.resolve();
  answered.get(text)?.(performance.now());
});

const say = (member: number, text: string) =>
  simulator.push({
    message: {
      message_id: 1,
      date: 1,
      chat: { id: -1_001_500_000_001, type: "supergroup", title: "Town" },
      from: { id: member, is_bot: false, first_name: `Member ${member}` },
      text,
    },
  });

console.log(`| beside | p50 | p99 | longest |\n| --- | --- | --- | --- |`);
print("nothing", await ping("a"));
for (let i = 0; i < JOBS; i++) await say(1000 + i, `/work ${Date.now() + RUN}`);
await working.promise;
const waits = await ping("b");
print(`${JOBS} heavy jobs`, waits);
await server.stop();
await simulator.close();
process.exitCode = waits.p99 <= MARK ? 0 : 1;

/** @returns the waits: ms */
async function ping(name: string): Promise<Summary> {
  const waits: Promise<number>[] = [];
  for (let i = 0; i < PINGS; i++) {
    const { promise, resolve } = Promise.withResolvers<number>();
    answered.set(`pong ${name}${i}`, resolve);
    const begun = performance.now();
    void say(1 + (i % MEMBERS), `/ping ${name}${i}`);
    waits.push(promise.then((at) => at - begun));
    await delay(PAUSE);
  }
  return summarize(await Promise.all(waits));
}

function print(beside: string, { p50, p99, max }: Summary): void {
  console.log(`| ${beside} | ${[p50, p99, max].map((wait) => `${wait.toFixed(1)} ms`).join(" | ")} |`);
}
