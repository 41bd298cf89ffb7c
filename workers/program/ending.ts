/**
 * The end of a bot's program. It gets the signal that would have ended it under Node.js, so that its own bot.stop() runs, and what follows.
 *
 *   told --> no listener: over
 *   told --> its listeners run --> nothing is left for the thread to do, or process.exit() --> the thread ends by itself
 *                              --> only timers and servers are left for a while --> over
 *                              --> the time is over --> over
 */

import { MessagePort } from "node:worker_threads";
import type { StopSignal } from "../../src/protocol/port.ts";

export interface EndingOptions {
  signal: StopSignal;
  /** Longest time that the program has: ms. */
  limit: number;
  /** Number of its calls without an answer. */
  openCalls(): number;
  /** Called when the program's listeners have been. */
  onTold(): void;
  log(level: "warn" | "error", message: string, error?: unknown): void;
}

/** Kinds of resources that keep a thread alive although nothing is going on. */
const IDLE = new Set(["Timeout", "TCPServerWrap", "PipeServerWrap"]);
/** Time after which a program of which only such resources are left is over: ms. */
const QUIET = 1000;
const LOOK = 50;

/** Calls back once, when the program first listens for its end. From then on a stop ends it in order, although it has not started its bot. */
export function watchEndListeners(onListener: () => void): void {
  const look = (name: string | symbol) => {
    if (name !== "SIGTERM" && name !== "SIGINT") return;
    process.off("newListener", look);
    onListener();
  };
  process.on("newListener", look);
}

/** Resolves when the program is over. The thread may end by itself before that. */
export async function endProgram({ signal, limit, openCalls, onTold, log }: EndingOptions): Promise<void> {
  const heard = [signal, ...OTHERS[signal]].find((name) => process.listenerCount(name) > 0);
  if (heard === undefined) return;
  // NestJS, for example, sends itself the signal again.
  const { kill } = process;
  process.kill = (pid, name) => (pid === process.pid ? process.exit() : kill.call(process, pid, name));
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // The answers come through a port that keeps no thread alive.
  process.on("beforeExit", () => {
    if (openCalls() > 0) setTimeout(() => {}, LOOK);
  });
  let quiet = 0;
  setInterval(() => {
    const left = process.getActiveResourcesInfo();
    const isQuiet = openCalls() === 0 && left.length > 0 && left.every((kind) => IDLE.has(kind));
    quiet = isQuiet ? quiet + LOOK : 0;
    if (quiet >= QUIET) resolve();
  }, LOOK).unref();
  setTimeout(() => {
    log("warn", `the program did not end within ${Math.round(limit / 100) / 10} s after ${heard}; it is ended`);
    resolve();
  }, limit).unref();
  try {
    process.emit(heard, heard);
  } catch (error) {
    log("error", `the program's listener for ${heard} threw`, error);
  }
  onTold();
  letThreadEnd();
  await over;
}

/** A program that listens to one of them alone has it for its end. */
const OTHERS: Record<StopSignal, StopSignal[]> = { SIGTERM: ["SIGINT"], SIGINT: ["SIGTERM"] };

/** From now on the thread ends when the program has nothing to do: its ports do not keep it alive. One of them is Piscina's own. */
function letThreadEnd(): void {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  for (const handle of handles()) if (handle instanceof MessagePort) handle.unref();
}
