import assert from "node:assert/strict";
import { test } from "node:test";
import { SIGNALS, signalsTo } from "../../src/cli/signals.ts";

test("each signal means one thing, told in one line without a full stop", () => {
  const names = SIGNALS.flatMap(({ names }) => names);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { meaning } of SIGNALS) assert.match(meaning, /^[^\n]+[^.\n]$/);
});

test("what people and Docker send to stop a server stops it", () => {
  assert.deepEqual(signalsTo("stop"), ["SIGTERM", "SIGINT"]);
});
