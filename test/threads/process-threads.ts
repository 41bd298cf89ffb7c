import { readdirSync, readFileSync } from "node:fs";

/** A thread of a process, as Linux sees it. */
export interface Thread {
  /** The main thread has the id of the process. */
  readonly id: number;
  readonly name: string;
  /** 0 for most threads; up to 19 for a lower priority. */
  readonly nice: number;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html counts its fields from 1. */
const NICE = 19;

export function threadsOf(pid: number): Thread[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, "utf8");
    // The second field is the name, in parentheses, and may contain any character.
    const [start, end] = [stat.indexOf("(") + 1, stat.lastIndexOf(")")];
    const rest = stat.slice(end + 2).split(" ");
    return { id: Number(id), name: stat.slice(start, end), nice: Number(rest[NICE - 3]) };
  });
}
