/** Child processes of tests. */

import { type ChildProcess, type ChildProcessWithoutNullStreams, type SpawnOptions, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

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

/** Sends a signal to a process and to its children, on Linux. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of [...childrenOf(pid), pid]) {
    try {
      process.kill(one, signal);
    } catch {
      // It has ended.
    }
  }
}

/** Processes that any thread of the process has started, on Linux. */
export function childrenOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).map((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8");
    } catch {
      // The thread has ended.
      return "";
    }
  });
  return children.join(" ").split(" ").filter(Boolean).map(Number);
}
