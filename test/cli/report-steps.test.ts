import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { reportSteps } from "../../src/cli/report-steps.ts";
import { channels } from "../../src/observe/channels.ts";

test("the steps of a server's events are told, with worker, attempt and error; another server's are not", async () => {
  await using simulator = await Simulator.start();
  const told: unknown[] = [];
  simulator.report = (...step) => told.push(step);
  const stop = reportSteps(simulator, 1);
  const event = { server: 1, seq: 1, update_id: 7, kind: "message", scope: "chat:1" };
  channels.received.publish({ ...event, server: 2 });
  channels.received.publish(event);
  channels.posted.publish({ ...event, worker: 0, attempt: 2, wait: 1.4 });
  channels.settled.publish({ ...event, worker: 0, attempt: 2, outcome: "failed", error: "Error: no", duration: 1 });
  stop();
  channels.received.publish(event);
  assert.deepEqual(told, [
    [7, "received", { line: "chat:1" }],
    [7, "posted", { worker: 0, attempt: 2, waited: "1 ms" }],
    [7, "failed", { worker: 0, attempt: 2, error: "Error: no" }],
  ]);
});
