import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { test } from "node:test";
import type { Step } from "../../../simulator/inspector/bot-server.ts";
import { watchSteps } from "../../../src/cli/simulated/steps.ts";

test("the messages of one server are steps, as long as they are watched", () => {
  const steps: Step[] = [];
  const send = channel("asgigram:send");
  assert.equal(send.hasSubscribers, false);
  const stop = watchSteps(7, (step) => steps.push(step));
  const message = {
    worker: 0,
    method: "sendMessage",
    lane: undefined,
    seq: 3,
    scope: "chat:1",
    outcome: "ok",
    duration: 4,
  };
  send.publish({ server: 8, ...message });
  send.publish({ server: 7, ...message, error: new Error("no") });
  channel("asgigram:dead-letter").publish({ server: 7, update_id: undefined, cause: "unreadable" });
  channel("asgigram:worker").publish({ server: 7, worker: 1, state: "died", cause: "crash" });
  stop();
  assert.equal(send.hasSubscribers, false);
  assert.deepEqual(steps, [
    { type: "call", worker: 0, method: "sendMessage", seq: 3, outcome: "ok", duration: 4, error: "no" },
    { type: "worker", worker: 1, state: "died", cause: "crash" },
  ]);
});
