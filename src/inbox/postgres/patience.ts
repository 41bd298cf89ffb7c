/** Limits the time for an answer of the database. */

import { NoAnswerError } from "./failure.ts";

/** Time for work on an inbox as a whole, as large as it may be: ms. */
export const WHOLE = 600_000;

/** @param patience ms @throws NoAnswerError if it takes longer: what was asked for may still be done */
export async function inTime<T>(answer: Promise<T>, patience: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new NoAnswerError(`no answer within ${patience / 1000} s`)), patience);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
    // Given up, it ends with its connection.
    answer.catch(() => {});
  }
}
