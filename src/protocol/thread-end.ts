/**
 * The end of a thread that is told to end. V8 cannot interrupt every loop: one that only calls built-in functions may go on for ever
 * (`for (;;) list.push(new Array(1000).fill({}))`). Such a thread keeps a core and its memory, and even process.exit() waits for it.
 */

import { ThreadStuckError } from "./errors.ts";

/** Longest time that a thread takes to end, also on a busy machine: ms. */
const LONGEST = 30_000;

/** Ends the process, by an error that nothing catches, if the thread lives on for too long. */
export function mustEnd(ended: Promise<unknown>): void {
  const timer = setTimeout(() => {
    throw new ThreadStuckError("a thread cannot be ended: it is in a loop that Node.js cannot interrupt");
  }, LONGEST).unref();
  const end = () => clearTimeout(timer);
  ended.then(end, end);
}
