import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UpdateQueue } from "../../../simulator/state/update-queue.ts";
import { UPDATE_KINDS } from "../../../src/protocol/route.ts";

const HOUR = 3_600_000;

/** A queue with a clock that the test moves. */
function queueAt(firstId = 100) {
  const clock = { time: 1_000_000 };
  return { clock, queue: new UpdateQueue({ now: () => clock.time, firstId }) };
}

const idsOf = (updates: string[]) => updates.map((json) => (JSON.parse(json) as { update_id: number }).update_id);

function filled(count: number, firstId = 100): UpdateQueue {
  const { queue } = queueAt(firstId);
  for (let n = 0; n < count; n++) queue.push({ message: { n } });
  return queue;
}

test("ids are consecutive, and an offset of 0 confirms nothing", () => {
  const queue = filled(3);
  assert.deepEqual(idsOf(queue.take(0, 100)), [100, 101, 102]);
  assert.deepEqual(idsOf(queue.take(0, 2)), [100, 101]);
  assert.equal(queue.pending, 3);
});

test("an offset confirms everything below it", () => {
  const queue = filled(5);
  assert.deepEqual(idsOf(queue.take(103, 100)), [103, 104]);
  assert.deepEqual(idsOf(queue.take(0, 100)), [103, 104]);
  assert.deepEqual(queue.take(105, 100), []);
  assert.equal(queue.pending, 0);
});

test("a negative offset drops all but the last updates", () => {
  const queue = filled(5);
  assert.deepEqual(idsOf(queue.take(-2, 100)), [103, 104]);
  assert.equal(queue.pending, 2);
  assert.deepEqual(idsOf(queue.take(-10, 100)), [103, 104]);
});

test("an offset far beyond the tail confirms nothing", () => {
  const queue = filled(2);
  assert.deepEqual(idsOf(queue.take(113, 100)), [100, 101]);
  assert.deepEqual(idsOf(queue.take(112, 100)), []);
});

test("a fetched update is as it was pushed, even if the object changed since", () => {
  const { queue } = queueAt();
  const message = { text: "before" };
  queue.push({ message });
  message.text = "after";
  assert.deepEqual(queue.take(0, 1), ['{"update_id":100,"message":{"text":"before"}}']);
});

test("three kinds are excluded by default, and unknown kinds never", () => {
  const { queue } = queueAt();
  const arrivals = () => UPDATE_KINDS.filter((kind) => queue.push({ [kind]: {} }) !== undefined);
  assert.deepEqual(
    UPDATE_KINDS.filter((kind) => !arrivals().includes(kind)),
    ["message_reaction", "message_reaction_count", "chat_member"],
  );
  queue.allow(["chat_member", "poll"]);
  assert.deepEqual(arrivals(), ["chat_member", "poll"]);
  queue.allow(["nonsense"]);
  assert.equal(arrivals().length, UPDATE_KINDS.length - 3);
  queue.allow(UPDATE_KINDS);
  assert.equal(arrivals().length, UPDATE_KINDS.length);
  assert.notEqual(queue.push({ telepathy: {} }), undefined);
});

test("an update expires after a day, a query after seconds or minutes", () => {
  const { clock, queue } = queueAt();
  queue.push({ message: {} });
  queue.push({ inline_query: {} });
  queue.push({ callback_query: {} });
  clock.time += 31_000;
  assert.deepEqual(idsOf(queue.take(0, 100)), [100, 102]);
  clock.time += 120_000;
  assert.deepEqual(idsOf(queue.take(0, 100)), [100]);
  clock.time += 24 * HOUR;
  assert.equal(queue.pending, 0);
});

test("a reply is cut at about 4 MiB but holds at least one update", () => {
  const { queue } = queueAt();
  const text = "x".repeat(1_500_000);
  for (let n = 0; n < 4; n++) queue.push({ message: { text } });
  assert.equal(queue.take(0, 100).length, 2);
  queue.clear();
  queue.push({ message: { text: text.repeat(4) } });
  assert.equal(queue.take(0, 100).length, 1);
});

test("an update may have its own id if ids still ascend", () => {
  const queue = filled(1);
  assert.equal(queue.push({ update_id: 200, message: {} }), 200);
  assert.equal(queue.push({ message: {} }), 201);
  assert.throws(() => queue.push({ update_id: 150, message: {} }), RangeError);
  queue.take(202, 100);
  assert.equal(queue.push({ update_id: 150, message: {} }), 150);
});

test("ids can restart when no update is waiting", () => {
  const queue = filled(1, 900);
  assert.throws(() => queue.restartIds(5), RangeError);
  queue.take(901, 1);
  queue.restartIds(5);
  assert.equal(queue.push({ message: {} }), 5);
});

test("drained() resolves when the last update is confirmed", async () => {
  const queue = filled(2);
  let isDrained = false;
  const drained = queue.drained().then(() => {
    isDrained = true;
  });
  queue.take(101, 100);
  await Promise.resolve();
  assert.equal(isDrained, false);
  queue.take(102, 100);
  await drained;
  await queue.drained();
});

test("a poller gets every update once and in order, with any limits, pushes and lost replies", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant("push" as const), count: fc.integer({ min: 0, max: 250 }) }),
      fc.record({ do: fc.constant("poll" as const), limit: fc.integer({ min: 1, max: 100 }) }),
      // A lost reply: the poller repeats its offset.
      fc.record({ do: fc.constant("lose" as const), limit: fc.integer({ min: 1, max: 100 }) }),
    ),
  );
  fc.assert(
    fc.property(steps, (script) => {
      const { queue } = queueAt(1);
      const received: number[] = [];
      let pushed = 0;
      let offset = 0;
      for (const step of script) {
        if (step.do === "push") {
          for (let n = 0; n < step.count; n++) assert.equal(queue.push({ message: {} }), ++pushed);
          continue;
        }
        const ids = idsOf(queue.take(offset, step.limit));
        assert.ok(ids.length <= step.limit);
        assert.equal(ids.length, Math.min(step.limit, pushed - received.length));
        if (step.do === "lose") continue;
        received.push(...ids);
        offset = ids.length > 0 ? ids.at(-1)! + 1 : offset;
      }
      assert.deepEqual(
        received,
        Array.from({ length: received.length }, (_, at) => at + 1),
      );
      assert.ok(queue.pending >= pushed - received.length);
    }),
  );
});
