/** The settings and the bot's work, the same for every peer. */

import { pbkdf2Sync } from "node:crypto";
import { threadId } from "node:worker_threads";

export const apiUrl = process.env.BENCH_API_URL!;
export const token = process.env.BENCH_TOKEN!;

export const workers = Number(process.env.BENCH_WORKERS);

/** The rounds of hashing of one heavy message, measured by calibrate.ts. */
const rounds = Number(process.env.BENCH_ROUNDS);

/** The bot's answer is the text: for "heavy" after hashing on the thread, for "heap" with the thread's heap in use. */
export function reply(text: string): string {
  if (text.endsWith(" heavy")) burn(rounds);
  if (text.endsWith(" heap")) return `${text} ${threadId} ${heapInUse()}`;
  return text;
}

export function burn(rounds: number): void {
  pbkdf2Sync("asgigram", "bench", rounds, 32, "sha256");
}

/** In bytes, without garbage: needs --expose-gc. */
function heapInUse(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
