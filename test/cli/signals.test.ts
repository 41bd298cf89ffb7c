import assert from "node:assert/strict";
import { test } from "node:test";
import { SIGNALS, signalsTo } from "../../src/cli/signals.ts";

test("each signal has one meaning, in one line without a full stop", () => {
  const names = SIGNALS.flatMap(({ names }) => names);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { meaning } of SIGNALS) assert.match(meaning, /^[^\n]+[^.\n]$/);
});

test("the signals of people and Docker stop the server", () => {
  assert.deepEqual(signalsTo("stop"), ["SIGTERM", "SIGINT"]);
});
