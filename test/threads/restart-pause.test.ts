import assert from "node:assert/strict";
import { test } from "node:test";
import { restartPause } from "../../src/threads/restart-pause.ts";

test("a worker that died is started again at once the first time, then after a pause that doubles up to 10 s", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((deaths) => restartPause(deaths, () => 0));
  assert.deepEqual(longest, [0, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("pauses of workers that die together differ by up to a fifth", () => {
  const shortest = [1, 2, 8].map((deaths) => restartPause(deaths, () => 1));
  assert.deepEqual(shortest, [0, 160, 8000]);
  assert.ok(new Set(Array.from({ length: 100 }, () => restartPause(8))).size > 90);
});
