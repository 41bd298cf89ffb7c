import type { Status } from "../../src/observe/status.ts";
import type { WorkerStatus } from "../../src/protocol/pulse.ts";

/** A healthy worker, with some fields changed. */
export function worker(number: number, changes: Partial<WorkerStatus> = {}): WorkerStatus {
  const condition = { instances: 0, idle: 0, evicted: 0, active: 0, heap: 0, external: 0 };
  return { number, isUp: true, silence: 0, condition, ...changes };
}

export const HEALTHY: Status = {
  phase: "serving",
  source: { failures: 0, lastError: undefined, silence: 0, lastSuccess: 0 },
  workers: [worker(0), worker(1)],
  reloadFailure: undefined,
  droppedInstances: { idle: 0, evicted: 0 },
  unsettled: 0,
  oldest: undefined,
  posted: 0,
  fullSince: undefined,
  holding: undefined,
  heavy: [],
  sends: { pending: 0, paused: 0 },
  checkInbox: async () => {},
};
