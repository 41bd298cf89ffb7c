/** The reasons for which a worker thread ends while the server goes on. */

/**
 * Cause of a worker's death. `crash`: an uncaught error, or process.exit(). `memory`: its heap was full. `stall`: its event
 * loop did not turn for --stall-timeout. `start`: the application could not be started again.
 */
export type WorkerDeath = "crash" | "memory" | "stall" | "start" | "other";

/** Reason to replace a worker. `reload`: the application is loaded anew. The others are named after their options. */
export type WorkerReplacement = "reload" | "recycle-after" | "memory-limit";
