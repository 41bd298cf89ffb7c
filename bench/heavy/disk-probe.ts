/**
 * Measures the disk while a server runs: a server with an inbox polls again when the disk has the updates of the last poll, so no
 * poll gap is shorter than a flush takes at that time.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "../clock.ts";

/** Between two flushes: ms. */
const PAUSE = 250;
const PAGE = Buffer.alloc(4096);

/** Flushes a file of its own now and then, until `work` is done. @returns its result, and the times of the flushes: ms */
export async function withDiskProbe<T>(work: () => Promise<T>): Promise<{ result: T; flushes: number[] }> {
  const ended = new AbortController();
  const probing = probe(ended.signal);
  try {
    const result = await work();
    ended.abort();
    return { result, flushes: await probing };
  } finally {
    ended.abort();
  }
}

async function probe(signal: AbortSignal): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-bench-"));
  const file = await open(join(folder, "probe"), "w");
  const times: number[] = [];
  try {
    while (!signal.aborted) {
      await file.write(PAGE);
      const begun = now();
      await file.datasync();
      times.push(Math.round((now() - begun) * 100) / 100);
      await delay(PAUSE, undefined, { signal }).catch(() => {});
    }
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
  return times;
}
