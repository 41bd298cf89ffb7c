/**
 * GET /simulator/inspector: the inspector, the faults, the flood and the server, as server-sent events. All that is there comes first, then
 * each change:
 *
 *   event: rows      { "updates": UpdateRow[], "calls": CallRow[] }, each with a key, new or changed; at most ten times a second
 *   event: faults    ActiveFault[]
 *   event: flood     FloodState
 *   event: server    ServerState; only if asgigram runs the bot
 */

import type { ServerResponse } from "node:http";
import type { BotWorld } from "../bot-world.ts";
import type { CallRow, UpdateRow } from "../inspector/rows.ts";
import { clearTimeout, setTimeout } from "../state/real-time.ts";

/** Pause between two events of rows, and of faults: ms. */
const PAUSE = 100;

/** @returns how to end that */
export function writeInspector(response: ServerResponse, { inspector, faults, flood }: BotWorld): () => void {
  const send = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const updates = new Set<UpdateRow>();
  const calls = new Set<CallRow>();
  let haveFaultsChanged = false;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    if (haveFaultsChanged) send("faults", faults.active);
    if (updates.size + calls.size > 0) send("rows", { updates: [...updates], calls: [...calls] });
    haveFaultsChanged = false;
    updates.clear();
    calls.clear();
  };
  const flushSoon = () => {
    timer ??= setTimeout(flush, PAUSE);
  };
  const stops = [
    inspector.watch((change) => {
      if ("update" in change) updates.add(change.update);
      else calls.add(change.call);
      flushSoon();
    }),
    faults.observe(() => {
      haveFaultsChanged = true;
      flushSoon();
    }),
    flood.observe((state) => send("flood", state)),
    inspector.observeServer((state) => send("server", state)),
  ];
  send("rows", { updates: inspector.updates, calls: inspector.calls });
  send("faults", faults.active);
  send("flood", flood.state);
  if (inspector.server !== undefined) send("server", inspector.server.state);
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
    // The last page ends the flood: its people should not write on unseen.
    if (!inspector.isWatched) flood.stop();
  };
}
