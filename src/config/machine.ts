/** The machine as this process may use it: processors, CPU quota, memory limit. */

import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";

export interface Machine {
  /** Processors that the process may run on. */
  readonly cores: number;
  /** Processors' worth of time that its control group grants; undefined without a quota. */
  readonly quota: number | undefined;
  /** Memory that its control group grants: bytes; undefined without a limit. */
  readonly memory: number | undefined;
}

export function readMachine(): Machine {
  const limit = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    quota: readQuota(),
    memory: limit > 0 && limit < totalmem() ? limit : undefined,
  };
}

/** Read once: it does not change while the process runs, or only by hand. */
export const MACHINE = readMachine();

/** Threads that are worth running at once: more than the quota only take turns, and are stopped together when it is used up. */
export function usefulThreads({ cores, quota }: Pick<Machine, "cores" | "quota">): number {
  return Math.max(1, Math.min(cores, Math.ceil(quota ?? cores)));
}

/**
 * The CPU quota of the process's control group: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files, and for version 1
 * https://docs.kernel.org/scheduler/sched-bwc.html. Node.js counts processors, and does not look at it.
 * @param root of the file system, for tests
 */
export function readQuota(root = "/"): number | undefined {
  const groups = contentOf(join(root, "proc/self/cgroup")) ?? "";
  // In a container the group is usually the root of what can be seen. A group has no more than those that it is in.
  const all = (line: RegExp) => withParents(line.exec(groups)?.[1] ?? "/");
  const v2 = all(/^0::(.*)$/m).map((group) => quotaOfV2(contentOf(join(root, "sys/fs/cgroup", group, "cpu.max"))));
  const v1 = all(/^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m).map((group) => {
    const folder = join(root, "sys/fs/cgroup/cpu", group);
    return quotaOf(contentOf(join(folder, "cpu.cfs_quota_us")), contentOf(join(folder, "cpu.cfs_period_us")));
  });
  const quotas = [...v2, ...v1].filter((quota) => quota !== undefined);
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** The group, the one that it is in, and so on to the root. */
function withParents(group: string): string[] {
  const names = group.split("/").filter((name) => name !== "");
  return [...names.map((_, i) => names.slice(0, names.length - i).join("/")), "/"];
}

/** `50000 100000`: microseconds, and the period; `max` without a quota. */
function quotaOfV2(text: string | undefined): number | undefined {
  return quotaOf(...((text?.trim().split(" ") ?? []) as [string?, string?]));
}

function quotaOf(quota?: string, period?: string): number | undefined {
  const value = Number(quota) / Number(period);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
