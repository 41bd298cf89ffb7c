/** What a worker thread is started with, where a test does not mind. */

import type { HostTask } from "../src/protocol/port.ts";

/** All that is the same for every worker: a pool adds the rest. */
export type CommonTask = Omit<HostTask, "port" | "worker" | "pulse">;

export function hostTask(task: Pick<CommonTask, "application" | "directory"> & Partial<CommonTask>): CommonTask {
  return {
    interface: "auto",
    lifespan: "off",
    maxInstances: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    debug: false,
    watch: false,
    yields: false,
    ...task,
  };
}
