import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../simulator/inspector/bot-server.ts";
import { reportSteps } from "../../src/cli/report-steps.ts";
import { channels } from "../../src/observe/channels.ts";

const EVENT = { server: 1, seq: 4, update_id: 7, kind: "message", scope: "chat:1" };

test("the steps of a server's events are told, with worker, attempt and error; another server's are not", () => {
  const told: Report[] = [];
  const stop = reportSteps((report) => told.push(report), 1);
  channels.received.publish({ ...EVENT, server: 2 });
  channels.received.publish(EVENT);
  channels.posted.publish({ ...EVENT, worker: 0, attempt: 2, wait: 1.4 });
  channels.settled.publish({ ...EVENT, worker: 0, attempt: 2, outcome: "failed", error: "Error: no", duration: 1 });
  channels.deadLetter.publish({ server: 1, update_id: 7, cause: "failed" });
  channels.deadLetter.publish({ server: 1, update_id: undefined, cause: "unreadable" });
  stop();
  channels.received.publish(EVENT);
  assert.deepEqual(told, [
    { type: "step", update_id: 7, name: "received", facts: { line: "chat:1" } },
    { type: "step", update_id: 7, name: "posted", facts: { worker: 0, attempt: 2, waited: "1 ms" } },
    { type: "step", update_id: 7, name: "failed", facts: { worker: 0, attempt: 2, error: "Error: no" } },
    { type: "step", update_id: 7, name: "dead letter", facts: { cause: "failed" } },
  ]);
});

test("a call is told with the update that was handled; without subscribers no message is made", () => {
  const told: Report[] = [];
  const stop = reportSteps((report) => told.push(report), 1);
  channels.posted.publish({ ...EVENT, worker: 0, attempt: 1, wait: 0 });
  const call = {
    worker: 0,
    method: "sendMessage",
    lane: "1",
    seq: 4,
    scope: "chat:1",
    outcome: "ok",
    duration: 5,
  } as const;
  channels.send.publish({ server: 2, ...call });
  channels.send.publish({ server: 1, ...call });
  channels.send.publish({ server: 1, ...call, lane: undefined, seq: undefined });
  stop();
  assert.deepEqual(told.slice(1), [
    { type: "call", method: "sendMessage", lane: "1", update_id: 7, worker: 0, outcome: "ok", duration: 5 },
    { type: "call", method: "sendMessage", worker: 0, outcome: "ok", duration: 5 },
  ]);
  assert.equal(channels.send.hasSubscribers, false);
});
