import assert from "node:assert/strict";
import { test } from "node:test";
import { LongWaits } from "../../src/sends/long-waits.ts";

/** Waits of lanes, and what was told of them; the test sets the clock. */
function bench() {
  const clock = { now: 1000 };
  const told: [lane: string, seconds: number][] = [];
  const waits = new LongWaits({ tell: (...wait) => told.push(wait), now: () => clock.now });
  return { clock, told, waits };
}

test("a wait of an hour is told at its beginning, with the chat and the seconds", () => {
  const { told, waits } = bench();
  waits.refused("42", 3_600_000);
  assert.deepEqual(told, [["42", 3600]]);
});

test("a wait of a minute is not told", () => {
  const { told, waits } = bench();
  waits.refused("42", 60_000);
  assert.deepEqual(told, []);
});

test("several waits of one call count together, and are told once", () => {
  const { clock, told, waits } = bench();
  for (let i = 0; i < 10; i++) {
    waits.refused("42", 25_000);
    clock.now += 25_000;
  }
  assert.deepEqual(told, [["42", 75]]);
});

test("each chat is told by itself, and again after a call of it is over", () => {
  const { told, waits } = bench();
  for (const lane of ["1", "2", "1"]) waits.refused(lane, 100_000);
  waits.over("1");
  for (const lane of ["1", "2"]) waits.refused(lane, 200_000);
  assert.deepEqual(told, [
    ["1", 100],
    ["2", 100],
    ["1", 200],
  ]);
});

test("waits of two calls do not count together", () => {
  const { clock, told, waits } = bench();
  for (let i = 0; i < 10; i++) {
    waits.refused("42", 50_000);
    clock.now += 50_000;
    waits.over("42");
  }
  assert.deepEqual(told, []);
});
