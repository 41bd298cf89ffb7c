/** The steps of a server for the simulator's page, from the diagnostics channels. */

import type { Step } from "../../../simulator/inspector/bot-server.ts";
import { type FromServer, type Messages, subscribe } from "../../observe/channels.ts";

/**
 * Calls `listener` for every step of a server, until the returned function is called.
 * @param server `RunningServer.id`
 */
export function watchSteps(server: number, listener: (step: Step) => void): () => void {
  const on = <Name extends keyof Messages>(name: Name, stepOf: (message: Messages[Name]) => Step | undefined) =>
    subscribe(name, (message) => {
      const step = (message as FromServer).server === server ? stepOf(message) : undefined;
      if (step !== undefined) listener(step);
    });
  const stops = [
    on("asgigram:received", ({ update_id, seq, scope }) => ({ type: "received", update_id, seq, scope })),
    on("asgigram:posted", ({ update_id, seq, scope, worker, attempt, wait }) => {
      return { type: "posted", update_id, seq, scope, worker, attempt, wait };
    }),
    on("asgigram:settled", ({ update_id, worker, attempt, outcome, duration, error }) => {
      return { type: "settled", update_id, worker, attempt, outcome, duration, ...(error !== undefined && { error }) };
    }),
    on("asgigram:dead-letter", ({ update_id, cause }) =>
      update_id === undefined ? undefined : { type: "dead-letter", update_id, cause },
    ),
    on("asgigram:send", ({ method, lane, seq, worker, outcome, duration, error }) => ({
      type: "call",
      method,
      worker,
      outcome,
      duration,
      ...(lane !== undefined && { lane }),
      ...(seq !== undefined && { seq }),
      ...(error !== undefined && { error: error.message }),
    })),
    on("asgigram:worker", ({ worker, state, cause, error }) => ({
      type: "worker",
      worker,
      state,
      ...(cause !== undefined && { cause }),
      ...(error !== undefined && { error: error.message }),
    })),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
