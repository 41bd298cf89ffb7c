/** Tells the simulator's page of each update's way through the server. */

import type { Simulator } from "../../simulator/simulator.ts";
import { subscribe } from "../observe/channels.ts";

/** @param server `RunningServer.id` @returns a function that ends it */
export function reportSteps(simulator: Simulator, server: number): () => void {
  const stops = [
    subscribe("asgigram:received", ({ server: of, update_id, scope }) => {
      if (of === server) simulator.report(update_id, "received", { line: scope });
    }),
    subscribe("asgigram:posted", ({ server: of, update_id, worker, attempt, wait }) => {
      if (of === server) simulator.report(update_id, "posted", { worker, attempt, waited: `${Math.round(wait)} ms` });
    }),
    subscribe("asgigram:settled", ({ server: of, update_id, outcome, worker, attempt, error }) => {
      if (of === server)
        simulator.report(update_id, outcome, { worker, attempt, ...(error !== undefined && { error }) });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
