import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ShardTable } from "../../src/dispatch/shard-table.ts";
import { routeOf } from "../../src/protocol/route.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";

const BOT = { id: 1 };

const NUMBERS = Array.from({ length: SHARDS }, (_, i) => i + 1);
const workers = fc.integer({ min: 1, max: SHARDS });

/** The number of shards of each worker. */
function sharesOf(workers: number): number[] {
  const table = new ShardTable(workers);
  const shares = new Array<number>(workers).fill(0);
  for (let shard = 0; shard < SHARDS; shard++) shares[table.workerOf(shard)]! += 1;
  return shares;
}

test("every shard has a worker, and every worker's share is the same, give or take one shard", () => {
  for (const workers of NUMBERS) {
    const shares = sharesOf(workers);
    assert.equal(shares.length, workers, `${workers} workers: a shard has a worker that does not exist`);
    assert.equal(
      shares.reduce((sum, share) => sum + share),
      SHARDS,
    );
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${workers} workers: ${shares}`);
  }
});

test("one worker has every shard", () => {
  assert.deepEqual(sharesOf(1), [SHARDS]);
});

test("neighbouring shards go to the same or the next worker", () => {
  for (const workers of NUMBERS) {
    const table = new ShardTable(workers);
    for (let shard = 1; shard < SHARDS; shard++) {
      const step = table.workerOf(shard) - table.workerOf(shard - 1);
      assert.ok(step === 0 || step === 1, `${workers} workers, shard ${shard}`);
    }
  }
});

test("a private chat and its user, with or without a business connection, have one worker", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 52 }), workers, (id, workers) => {
      const table = new ShardTable(workers);
      const chat = { id, type: "private" };
      const routes = [
        routeOf("message", { chat }, BOT),
        routeOf("business_message", { chat, business_connection_id: "b" }, BOT),
        routeOf("inline_query", { from: { id } }, BOT),
        routeOf("poll_answer", { user: { id } }, BOT),
      ];
      assert.equal(new Set(routes.map((route) => table.workerOf(shardOf(route.id, SHARDS)))).size, 1);
    }),
  );
});

test("consecutive user ids spread within 5% of evenly over 2, 3, 8 and 16 workers", () => {
  const ids = Array.from({ length: 100_000 }, (_, i) => 5_000_000_000 + i);
  for (const workers of [2, 3, 8, 16]) {
    const table = new ShardTable(workers);
    const counts = new Array<number>(workers).fill(0);
    for (const id of ids) counts[table.workerOf(shardOf(id, SHARDS))]! += 1;
    const even = ids.length / workers;
    for (const count of counts) assert.ok(Math.abs(count - even) <= even * 0.05, `${workers} workers: ${counts}`);
  }
});

test("a handful of neighbours does not land on one of two workers", () => {
  const table = new ShardTable(2);
  for (let first = 1; first < 1000; first++) {
    const workers = new Set(Array.from({ length: 4 }, (_, i) => table.workerOf(shardOf(first + i, SHARDS))));
    assert.equal(workers.size, 2, `ids ${first} to ${first + 3}`);
  }
});
