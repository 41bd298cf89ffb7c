/** CPU time and memory of a process and its children, from /proc: https://man7.org/linux/man-pages/man5/proc.5.html */

import { readdirSync, readFileSync } from "node:fs";

/**
 * User and system time of all living threads, in microseconds. It comes from the scheduler, which counts nanoseconds:
 * the ticks of /proc/PID/stat are too coarse for a run of a second. No server of the bench ends threads during a
 * measurement.
 */
export function cpuOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of threadsOf(pid)) nanoseconds += Number(read(`${thread}/schedstat`).split(" ")[0]);
  return nanoseconds / 1000;
}

export interface Memory {
  /** Resident memory of the living processes now, and the sum of their maxima: bytes. */
  resident: number;
  peak: number;
}

export function memoryOf(pid: number): Memory {
  const statuses = [pid, ...childrenOf(pid)].map((each) => read(`/proc/${each}/status`));
  const bytes = (name: string) =>
    statuses.reduce(
      (sum, status) => sum + Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]) * 1024,
      0,
    );
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

function threadsOf(pid: number): string[] {
  return [pid, ...childrenOf(pid)].flatMap(ownThreadsOf);
}

/** Children, and their children. */
function childrenOf(pid: number): number[] {
  const children = ownThreadsOf(pid).flatMap((thread) => read(`${thread}/children`).trim().split(" ").filter(Boolean));
  return children.flatMap((child) => [Number(child), ...childrenOf(Number(child))]);
}

function ownThreadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A thread of the pool may end between the listing and the reading.
    return "";
  }
}
