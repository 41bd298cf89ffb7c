/**
 * What one update costs: a backlog of messages is answered by the echo bot, with the inbox on.
 *
 *   npm run bench                       20,000 updates of 1,000 chats, three times
 *   npm run bench -- UPDATES CHATS
 *
 * A run that repeats or reorders anything is no result and fails.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cost } from "./server.ts";
import type { FromStub, Verdict } from "./stub.ts";

const RUNS = 3;
const [updates = 20_000, chats = 1000] = process.argv.slice(2).map(Number);

async function message<T>(child: ChildProcess): Promise<T> {
  const [received] = await once(child, "message");
  return received as T;
}

async function run(): Promise<Verdict & Cost> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-bench-"));
  const here = (name: string) => join(import.meta.dirname, name);
  const stub = fork(here("stub.ts"), [`${updates}`, `${chats}`]);
  try {
    const { url } = (await message<FromStub>(stub)) as { url: string };
    const server = fork(here("server.ts"), [url, join(folder, "inbox.sqlite")]);
    const { verdict } = (await message<FromStub>(stub)) as { verdict: Verdict };
    server.send("stop");
    return { ...verdict, ...(await message<Cost>(server)) };
  } finally {
    stub.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (let i = 1; i <= RUNS; i++) {
  const { seconds, repeated, outOfOrder, cpu, memory } = await run();
  if (repeated + outOfOrder > 0) throw new Error(`${repeated} updates repeated, ${outOfOrder} out of order: no result`);
  const figures = {
    "updates/s": Math.round(updates / seconds),
    "CPU us/update, start included": Math.round(cpu / updates),
    "peak MB": Math.round(memory),
  };
  console.log(`run ${i}:`, figures);
}
