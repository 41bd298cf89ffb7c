/** Tells the simulator's page of each update's way through the server, and of the calls that it led to. */

import type { Report } from "../../simulator/inspector/bot-server.ts";
import { subscribe } from "../observe/channels.ts";

/** Updates whose calls are told apart: a call is mostly made before its update is settled. */
const KEPT = 10_000;

/** @param server `RunningServer.id` @returns a function that ends it */
export function reportSteps(report: (report: Report) => void, server: number): () => void {
  /** Ids of updates by the inbox's numbers. */
  const ids = new Map<number, number>();
  const step = (update_id: number, name: string, facts: Readonly<Record<string, string | number>>) =>
    report({ type: "step", update_id, name, facts });
  const stops = [
    subscribe("asgigram:received", ({ server: of, update_id, scope }) => {
      if (of === server) step(update_id, "received", { line: scope });
    }),
    subscribe("asgigram:posted", ({ server: of, update_id, seq, worker, attempt, wait }) => {
      if (of !== server) return;
      ids.set(seq, update_id);
      if (ids.size > KEPT) ids.delete(ids.keys().next().value!);
      step(update_id, "posted", { worker, attempt, waited: `${Math.round(wait)} ms` });
    }),
    subscribe("asgigram:settled", ({ server: of, update_id, outcome, worker, attempt, error }) => {
      if (of === server) step(update_id, outcome, { worker, attempt, ...(error !== undefined && { error }) });
    }),
    subscribe("asgigram:dead-letter", ({ server: of, update_id, cause }) => {
      if (of === server && update_id !== undefined) step(update_id, "dead letter", { cause });
    }),
    subscribe("asgigram:send", ({ server: of, method, lane, seq, worker, outcome, duration }) => {
      if (of !== server) return;
      const update_id = seq === undefined ? undefined : ids.get(seq);
      report({
        type: "call",
        method,
        worker,
        outcome,
        duration,
        ...(lane !== undefined && { lane }),
        ...(update_id !== undefined && { update_id }),
      });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
