/** The task of a worker thread, for tests that care about few of its fields. */

import type { CommonTask } from "../src/protocol/port.ts";

export function hostTask(task: Pick<CommonTask, "application" | "directory"> & Partial<CommonTask>): CommonTask {
  return {
    interface: "auto",
    lifespan: "off",
    maxInstances: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    bot: { id: 1 },
    debug: false,
    watch: false,
    yields: false,
    ...task,
  };
}
