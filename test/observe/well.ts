import type { Vitals, WorkerVitals } from "../../src/observe/status.ts";

/** A worker that is well, but for what is said. */
export function worker(number: number, more: Partial<WorkerVitals> = {}): WorkerVitals {
  const condition = { instances: 0, idle: 0, evicted: 0, active: 0, heap: 0, external: 0 };
  return { number, isUp: true, silence: 0, condition, ...more };
}

/** A server with which all is well. */
export const WELL: Vitals = {
  phase: "serving",
  polls: { failures: 0, lastError: undefined, silence: 0, lastSuccess: 0 },
  workers: [worker(0), worker(1)],
  dropped: { idle: 0, evicted: 0 },
  unsettled: 0,
  oldest: undefined,
  inFlight: 0,
  isFull: false,
  sends: { pending: 0, paused: 0 },
  checkInbox: () => {},
};
