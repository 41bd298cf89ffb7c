/** The end of the process. */

import type { Writable } from "node:stream";
import { KILLED } from "./exit-codes.ts";

/** Time that the reader of standard error has for the last lines: ms. It may be stalled. */
const PATIENCE = 500;

/** Ends the process when its output is written; at once if none waits. */
export function exit(code: number, { stdout, stderr }: { stdout: Writable; stderr: Writable }): void {
  if (stdout.writableLength === 0 && stderr.writableLength === 0) return end(code);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  void Promise.all([written(stdout), Promise.race([written(stderr), late])]).then(() => end(code));
}

function end(code: number): void {
  if (code === KILLED) kill();
  process.exit(code);
}

/** For a process that has a thread which cannot be ended: process.exit() would wait for it. */
function kill(): void {
  process.kill(process.pid, "SIGKILL");
  // The first process of a container cannot be killed from inside.
  process.abort();
}

/** Resolves when all is written, or never will be. */
function written(stream: Writable): Promise<unknown> {
  return new Promise((resolve) => stream.write("", resolve));
}
