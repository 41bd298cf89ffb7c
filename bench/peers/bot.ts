/** What is the same for every peer: where the Bot API is, and the bot's work. */

import { pbkdf2Sync } from "node:crypto";
import { threadId } from "node:worker_threads";

export const apiUrl = process.env.BENCH_API_URL!;
export const token = process.env.BENCH_TOKEN!;

export const workers = Number(process.env.BENCH_WORKERS);

/** How many rounds of hashing one piece of heavy work is; measured by calibrate.ts. */
const rounds = Number(process.env.BENCH_ROUNDS);

/** The bot: says back what it is told, after work that blocks its thread, or with what its thread has in use, if so asked. */
export function reply(text: string): string {
  if (text.endsWith(" heavy")) burn(rounds);
  if (text.endsWith(" heap")) return `${text} ${threadId} ${heapInUse()}`;
  return text;
}

export function burn(rounds: number): void {
  pbkdf2Sync("asgigram", "bench", rounds, 32, "sha256");
}

/** Needs --expose-gc: what is garbage is not in use. */
function heapInUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
