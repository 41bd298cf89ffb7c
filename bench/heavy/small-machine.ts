/**
 * A small machine for the servers under test, on Linux: one processor, and a control group with a memory limit that nothing else uses.
 * The bench needs the rights of root for it.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The server's processor. The Bot API's stub and the bench have the others. */
const PROCESSOR = 1;

interface GroupFiles {
  readonly folder: string;
  readonly limit: string;
}

/** By version 2 of control groups, and by version 1. */
const GROUPS: readonly GroupFiles[] = [
  { folder: "/sys/fs/cgroup/asgigram-bench", limit: "memory.max" },
  { folder: "/sys/fs/cgroup/memory/asgigram-bench", limit: "memory.limit_in_bytes" },
];

export class SmallMachine {
  /** Begin of the command of a process that is to run there. It becomes that command, with the same process id. */
  readonly prefix: readonly string[];
  readonly #group: GroupFiles;

  /** @param memory the limit: bytes */
  constructor(memory: number) {
    this.#group = existsSync("/sys/fs/cgroup/cgroup.controllers") ? GROUPS[0]! : GROUPS[1]!;
    const { folder, limit } = this.#group;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, limit), `${memory}`);
    const enter = `echo $$ > ${join(folder, "cgroup.procs")}; exec "$@"`;
    this.prefix = ["taskset", "-c", `${PROCESSOR}`, "sh", "-c", enter, "sh"];
  }

  /** Number of processes that were killed there for want of memory, since the group exists. */
  get killed(): number {
    const { folder } = this.#group;
    const file = existsSync(join(folder, "memory.events")) ? "memory.events" : "memory.oom_control";
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, file), "utf8"))?.[1] ?? 0);
  }
}
