/**
 * Asks threads whose event loops do not turn at which event their code is. Node.js runs code for an inspector in the midst of other JavaScript,
 * and that code has the async context of what it interrupts: so nothing has to be noted while events are at work. Native code is not
 * interrupted: the thread tells when that is over.
 */

import type { Session } from "node:inspector";
import { TELL } from "../protocol/pulse.ts";

const MESSAGE = JSON.stringify({
  id: 1,
  method: "Runtime.evaluate",
  params: { expression: `globalThis[Symbol.for("${TELL}")]?.()` },
});

/** Time that the threads have for it, and then they may be asked again: ms. */
const PATIENCE = 1000;

let isAsking = false;

/** Lets each blocked worker tell the event in its Pulse. Without effect where the permissions of Node.js forbid it. */
export function askBlocked(): void {
  if (isAsking) return;
  const session = sessionOrNone();
  if (session === undefined) return;
  isAsking = true;
  setTimeout(() => {
    isAsking = false;
    session.disconnect();
  }, PATIENCE).unref();
  // The inspector has ids of its own for threads, so it is all of them.
  session.on("NodeWorker.attachedToWorker", ({ params: { sessionId } }) => {
    session.post("NodeWorker.sendMessageToWorker", { sessionId, message: MESSAGE });
  });
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
}

function sessionOrNone(): Session | undefined {
  try {
    const { Session } = process.getBuiltinModule("node:inspector");
    const session = new Session();
    session.connect();
    return session;
  } catch {
    // ERR_ACCESS_DENIED, or a Node.js without an inspector.
    return undefined;
  }
}
