import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonic } from "../../src/protocol/pulse.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { Fence } from "../../workers/fence.ts";
import type { Delivered } from "../../workers/instance.ts";
import { Harness } from "./harness.ts";

const FUTURE = () => monotonic() + 60_000;
const eventOf = (key: string, seq: number) => ({ seq, route: { key } }) as unknown as Delivered;
const seqs = (events: readonly Delivered[]) => events.map(({ seq }) => seq);

test("a fence holds nothing where nobody says until when, and everything when the time is over", () => {
  const fence = new Fence();
  assert.equal(fence.holds("chat:1"), false);
  fence.extend(FUTURE());
  assert.equal(fence.holds("chat:1"), false);
  assert.equal(fence.extend(monotonic()), false, "nothing was held");
  assert.equal(fence.holds("chat:1"), true);
  assert.equal(fence.extend(FUTURE()), true);
  assert.equal(fence.holds("chat:1"), false);
});

test("a fence holds a shard that is shut until it was revoked", () => {
  const fence = new Fence();
  fence.shut(shardOf(1, SHARDS));
  assert.deepEqual([fence.holds("chat:1"), fence.holds("chat:2")], [true, false]);
  fence.revoked(shardOf(1, SHARDS));
  assert.equal(fence.holds("chat:1"), false);
});

test("events that a fence holds up wait in the order of their numbers; those of a shard go with it", () => {
  const fence = new Fence();
  assert.equal(fence.hold(eventOf("chat:1", 1)), false);
  fence.extend(monotonic());
  for (const [key, seq] of [
    ["chat:1", 4],
    ["chat:2", 2],
    ["chat:1", 3],
  ] as const)
    assert.equal(fence.hold(eventOf(key, seq)), true);
  assert.deepEqual(seqs(fence.revoked(shardOf(2, SHARDS))), [2]);
  assert.deepEqual(seqs(fence.takeAll()), [3, 4]);
  assert.deepEqual(seqs(fence.takeAll()), []);
});

test("a worker hands out no event when the time is over, and all of them in order when it is extended", async () => {
  await using worker = await Harness.start("diary.ts");
  worker.push({ type: "certain", until: monotonic() });
  for (const text of ["a", "b"]) worker.deliver(text, 1);
  worker.deliver("c", 2);
  // Its answer comes when the events have.
  await worker.revoke(shardOf(3, SHARDS));
  assert.deepEqual(worker.printed, []);
  worker.push({ type: "shut", shard: shardOf(2, SHARDS) });
  worker.push({ type: "certain", until: FUTURE() });
  await worker.until(() => worker.fates === "settled settled left");
  assert.deepEqual(worker.printed, [
    "chat 1 starts",
    "chat 1: telegram.message 1001, attempt 1",
    "chat 1: telegram.message 1002, attempt 1",
  ]);
  assert.deepEqual(await worker.revoke(shardOf(2, SHARDS)), [3]);
});

test("an application that asks for its next event when the time is over waits, and its shard's revocation takes the event back", async () => {
  const shard = shardOf(1, SHARDS);
  await using worker = await Harness.start("diary.ts", {
    answer: () => {
      worker.push({ type: "certain", until: monotonic() });
      return true;
    },
  });
  for (const text of ["telegram.close", "b"]) worker.deliver(text, 1);
  await worker.until(() => worker.fates === "settled left");
  assert.ok(!worker.printed.some((line) => line.includes("1002")));
  assert.deepEqual(await worker.revoke(shard), [2]);
  assert.equal(worker.printed.at(-1), "chat 1 ends: moved");
});

test("what an instance has queued comes before what the fence held up", async () => {
  await using worker = await Harness.start("diary.ts", {
    answer: () => {
      worker.push({ type: "certain", until: monotonic() });
      worker.deliver("c", 1);
      return true;
    },
  });
  for (const text of ["telegram.close", "b"]) worker.deliver(text, 1);
  await worker.until(() => worker.fates === "settled left left");
  worker.push({ type: "certain", until: FUTURE() });
  await worker.until(() => worker.fates === "settled settled settled");
  assert.deepEqual(
    worker.printed.filter((line) => line.includes("attempt")),
    [1001, 1002, 1003].map((id) => `chat 1: telegram.message ${id}, attempt 1`),
  );
});
