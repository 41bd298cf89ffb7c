import assert from "node:assert/strict";
import { test } from "node:test";
import { Inspector } from "../../../simulator/inspector/inspector.ts";
import { UpdateQueue } from "../../../simulator/state/update-queue.ts";

function inspected(kept?: number) {
  let time = 0;
  const now = () => ++time;
  const queue = new UpdateQueue({ now: () => 0, firstId: 1 });
  const inspector = new Inspector({ queue, now, ...(kept !== undefined && { kept }) });
  const waysOf = () =>
    inspector.traces.map(({ update_id, kind, steps }) => [update_id, kind, ...steps.map(({ name }) => name)]);
  return { queue, inspector, waysOf };
}

test("an update's steps stand in the order in which they happen, with what the server tells", () => {
  const { queue, inspector, waysOf } = inspected();
  const seen: number[] = [];
  inspector.observe(({ steps }) => seen.push(steps.length));
  queue.push({ message: { text: "hi" } });
  inspector.report(1, { name: "posted", facts: { worker: 1 } });
  queue.take(2, 100);
  inspector.report(1, { name: "settled" });
  inspector.report(99, { name: "settled" });
  assert.deepEqual(waysOf(), [[1, "message", "pushed", "posted", "confirmed", "settled"]]);
  assert.deepEqual(seen, [1, 2, 3, 4]);
  const [trace] = inspector.traces;
  assert.deepEqual(trace!.steps[1], { name: "posted", facts: { worker: 1 }, at: 2 });
  assert.deepEqual(trace!.update, { update_id: 1, message: { text: "hi" } });
});

test("each update is confirmed once, also by a webhook and when all are dropped", () => {
  const { queue, waysOf } = inspected();
  for (let i = 0; i < 4; i++) queue.push({ message: {} });
  queue.forget(2);
  queue.take(2, 100);
  queue.take(2, 100);
  queue.clear();
  assert.deepEqual(
    waysOf().map(([id, , ...steps]) => [id, steps.join(" ")]),
    [1, 2, 3, 4].map((id) => [id, id < 3 ? "pushed confirmed" : "pushed taken confirmed"]),
  );
});

test("it keeps as many updates as it is told, the latest", () => {
  const { queue, waysOf } = inspected(2);
  for (let i = 0; i < 5; i++) queue.push({ message: {} });
  assert.deepEqual(
    waysOf().map(([id]) => id),
    [4, 5],
  );
});

test("an update is taken once, however often a bot that confirms nothing is given it", () => {
  const { queue, inspector, waysOf } = inspected();
  inspector.observe(() => {});
  queue.push({ message: {} });
  queue.take(0, 100);
  queue.take(0, 100);
  assert.deepEqual(waysOf(), [[1, "message", "pushed", "taken"]]);
  assert.deepEqual(inspector.traces[0]!.steps[1]!.facts, { by: "getUpdates" });
});
