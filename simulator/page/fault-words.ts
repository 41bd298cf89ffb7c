/** A fault in words: `429, retry after 3 s, 30 of 100 calls`. */

import type { Fault } from "../faults.ts";

export function faultInWords({ error_code, retry_after, delay, breaks, probability }: Fault): string {
  const words = [
    error_code,
    retry_after === undefined ? undefined : `retry after ${retry_after} s`,
    delay === undefined ? undefined : `${delay / 1000} s slow`,
    breaks === undefined ? undefined : `broken off ${breaks} it acts`,
    probability === undefined ? undefined : `${Math.round(100 * probability)} of 100 calls`,
  ];
  return words.filter((word) => word !== undefined).join(", ");
}

/** `hit 2`, or `hit 2 of 5`. */
export function hitsInWords({ times }: Fault, hits: number): string {
  return times === undefined ? `hit ${hits}` : `hit ${hits} of ${times}`;
}
