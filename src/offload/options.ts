/** Checks the options of offload(), so that a mistake has its message where it is made. */

import type { JobOptions } from "../protocol/jobs.ts";
import type { ModuleOptions } from "../protocol/port.ts";

/** @throws TypeError */
export function checkModuleOptions(options: ModuleOptions): void {
  refuseUnknown(options, ["threads", "process", "queue"], "offload()");
  const { threads, process, queue } = options;
  refuseUnless(threads === undefined || isCount(threads), "threads", threads, "a number of threads from 1");
  refuseUnless(process === undefined || typeof process === "boolean", "process", process, "true or false");
  refuseUnless(queue === undefined || isCount(queue), "queue", queue, "a number of jobs from 1");
}

/** @throws TypeError */
export function checkJobOptions(options: JobOptions): void {
  refuseUnknown(options, ["signal", "timeout"], "with()");
  const { signal, timeout } = options;
  refuseUnless(signal === undefined || signal instanceof AbortSignal, "signal", signal, "an AbortSignal");
  refuseUnless(
    timeout === undefined || (typeof timeout === "number" && timeout > 0),
    "timeout",
    timeout,
    "a number of milliseconds above 0",
  );
}

function refuseUnknown(options: unknown, known: readonly string[], taker: string): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the options of ${taker} are an object with ${known.join(", ")}, not ${String(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${taker} has no option "${unknown}"; its options are ${known.join(", ")}`);
  }
}

function refuseUnless(isRight: boolean, key: string, value: unknown, wanted: string): void {
  if (!isRight) throw new TypeError(`"${key}" is ${String(value)}; it must be ${wanted}`);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
