/** Rights of Node.js's permission model that application code does not get. */

/**
 * Takes the right to start threads from this thread: a thread that is started with `execArgv: []` leaves the flags of the process
 * behind, and the whole model with them. Node.js before 26.3 cannot take it.
 */
export function giveUpStartingThreads(): void {
  process.permission?.drop?.("worker");
}
