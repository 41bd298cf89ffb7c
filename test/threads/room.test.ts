import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "../../src/threads/room.ts";

/** A process of 100 bytes. */
function setUp(limit: number) {
  const process = { resident: 100 };
  return { process, room: new Room({ limit, resident: () => process.resident }) };
}

test("a thread fits if the most that one of its kind has cost fits", async () => {
  const { process, room } = setUp(400);
  const started = Promise.withResolvers<void>();
  room.measure("worker", started.promise, 2);
  process.resident = 300;
  started.resolve();
  await started.promise;
  assert.equal(room.costOf("worker"), 100);
  assert.equal(room.has("worker"), false);
  process.resident = 299;
  assert.equal(room.has("worker"), true);
  assert.equal(room.has("worker", 2), false);
  process.resident = 199;
  assert.equal(room.has("worker", 2), true);
});

test("a cheaper start later does not make a kind cheap: memory that was free is used again", async () => {
  const { process, room } = setUp(400);
  room.measure("worker", Promise.resolve());
  process.resident = 250;
  await Promise.resolve();
  room.measure("worker", Promise.resolve());
  await Promise.resolve();
  assert.equal(room.costOf("worker"), 150);
});

test("a start that fails is not measured, and a kind without a start fits below the limit", async () => {
  const { process, room } = setUp(400);
  room.measure("worker", Promise.reject(new Error("no start")));
  process.resident = 399;
  await Promise.resolve();
  assert.equal(room.has("worker"), true);
  process.resident = 400;
  assert.equal(room.has("worker"), false);
});

test("without a limit there is always room", () => {
  assert.equal(setUp(Number.POSITIVE_INFINITY).room.has("worker"), true);
});
