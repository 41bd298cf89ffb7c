/** Last words of a heavy thread that ends by itself: the job that it ran is lost, and its caller is told the cause. */

import { describe } from "../reporter.ts";
import { textOfThrown } from "../thrown.ts";

type Report = (message: string, error?: string) => void;

/** Ends the thread. */
export type Die = (message: string) => never;

/**
 * Reports an uncaught error, or a call of process.exit().
 * @param finishOutput reports output whose line is not complete yet
 * @param isSpared true if the thread is to live on after an uncaught error for now
 * @returns a function that ends the thread for another cause
 */
export function reportDeath(report: Report, finishOutput: () => void, isSpared: () => boolean): Die {
  let isReported = false;
  const die = (message: string, error?: string): never => {
    isReported = true;
    report(message, error);
    process.exit(1);
  };
  const uncaught = (error: unknown) => {
    if (isSpared()) report(`an earlier job left an uncaught error: ${textOfThrown(error)}`, describe(error));
    else die(`it was ended by an uncaught error: ${textOfThrown(error)}`, describe(error));
  };
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", uncaught);
  process.on("exit", (code) => {
    if (!isReported) report(`process.exit(${code}) was called`, describe(new Error("process.exit() was called here")));
    finishOutput();
  });
  return die;
}
