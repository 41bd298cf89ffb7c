/** The events of a world as server-sent events: of chats for anyone, and for a page also calls, updates and a flood. */

import type { ServerResponse } from "node:http";
import type { BotWorld } from "../bot-world.ts";
import { numbered } from "../inspector/snapshot.ts";
import type { RecordedCall } from "../state/call-log.ts";

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** The events of chats. */
export function stream(response: ServerResponse, world: BotWorld): void {
  open(response, world, (write) => [world.journal.observe((event) => write(event.type, event, event.seq))]);
}

/** All that a page shows. */
export function live(response: ServerResponse, world: BotWorld): void {
  const { calls, faults, inspector, journal } = world;
  open(response, world, (write) => {
    const tell = (call: RecordedCall) => write("call", numbered(call, calls.numberOf(call), inspector.originOf(call)));
    return [
      journal.observe((event) => write("chat", event)),
      calls.observe(tell),
      calls.observeEnds(tell),
      inspector.observe((trace) => write("update", trace)),
      inspector.observeOrigins(tell),
      faults.observe((active) => write("faults", active)),
      world.observeServer((state) => write("server", state)),
      world.observeFlood((second) => write("flood", second)),
      // The people of a flood do not write on unseen.
      () => inspector.isObserved || world.endFlood(),
    ];
  });
}

/**
 * Bytes of events that may wait for their reader: a page in the background of a browser, or one that stands at a breakpoint. With more
 * the connection ends; a page then connects again, and reads a snapshot.
 */
const MOST_WAITING = 16 * 1024 * 1024;

type Write = (event: string, data: object, id?: number) => void;

/** @param observe gives the functions that end it */
function open(response: ServerResponse, { closed }: BotWorld, observe: (write: Write) => (() => unknown)[]): void {
  response.writeHead(200, HEADERS);
  // The reader knows that it misses nothing from now on.
  response.write(": connected\n\n");
  const stops = observe((event, data, id) => {
    response.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > MOST_WAITING) response.destroy();
  });
  const end = () => response.end();
  closed.addEventListener("abort", end, { once: true });
  response.once("close", () => {
    for (const stop of stops) stop();
    closed.removeEventListener("abort", end);
  });
}
