/**
 * The real clock and timers. Tests replace the global ones by fakes while a simulator runs, which has to go on. So this module keeps those
 * that are there when it is imported, and no other file of the simulator names the globals.
 */

import * as timers from "node:timers";

export const { setTimeout, clearTimeout, setImmediate } = timers;

/** Milliseconds since 1970. */
export const now = Date.now;
