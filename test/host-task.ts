/** What a worker thread is started with, where a test does not mind. */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { CommonTask, ToWorker } from "../src/protocol/port.ts";
import { BOT } from "./protocol/updates.ts";

export function hostTask(task: Pick<CommonTask, "application" | "directory"> & Partial<CommonTask>): CommonTask {
  return {
    interface: "auto",
    imports: [],
    lifespan: "off",
    maxInstances: Number.POSITIVE_INFINITY,
    idleTimeout: Number.POSITIVE_INFINITY,
    eventTimeout: Number.POSITIVE_INFINITY,
    retry: 0,
    breaker: false,
    sessionAge: Number.POSITIVE_INFINITY,
    onFailure: undefined,
    bot: BOT,
    line: "chat",
    urgent: [],
    debug: false,
    mayBeProgram: false,
    anyToken: false,
    endTimeout: 5000,
    watch: false,
    yields: false,
    ...task,
  };
}

/** A server without heavy threads: no application of the test wants one. */
export const NO_JOBS = {
  attach(): MessagePort {
    return new MessageChannel().port1;
  },
};

/** A server without stored values: no application of the test reads any. */
export const NO_VALUES = {
  asked: (worker: { push(item: ToWorker): void }, id: number) => worker.push({ type: "got", id, value: undefined }),
  wrote: (worker: { push(item: ToWorker): void }, id: number) => worker.push({ type: "set", id }),
};
