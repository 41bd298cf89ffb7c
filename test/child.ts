/** Child processes of tests. */

import { type ChildProcess, type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from "node:child_process";

const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a process that is killed when this one exits, however its test ends. */
export function startChild(
  command: string,
  args: readonly string[],
  options?: SpawnOptions & { stdio?: "pipe" },
): ChildProcessWithoutNullStreams;
export function startChild(command: string, args: readonly string[], options: SpawnOptions): ChildProcess;
export function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, options);
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}
