/** The async context of jobs. */

import { AsyncLocalStorage } from "node:async_hooks";

/** Holds the job whose code is running: the context follows its code through promises, timers and callbacks. */
export const runningJob = new AsyncLocalStorage<{ readonly signal: AbortSignal; readonly isOver: boolean }>();
