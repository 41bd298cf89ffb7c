import assert from "node:assert/strict";
import { test } from "node:test";
import { Limits } from "./limits.ts";

test("messages beyond a limit are refused until the next second, or until it is lifted", () => {
  let now = 0;
  const limits = new Limits(() => now);
  const refusals = (...chats: number[]) => chats.map((chat) => limits.refuses(chat));
  assert.deepEqual(refusals(1, 1, 1, 1), [false, false, false, false]);
  now = 1000;
  Object.assign(limits, { each: 2, all: 3 });
  assert.deepEqual(refusals(1, 1, 1, 2, 3), [false, false, true, false, true]);
  now = 2000;
  assert.deepEqual(refusals(1, 1), [false, false]);
  limits.lift();
  assert.deepEqual(refusals(1, 2, 3), [false, false, false]);
  assert.equal(limits.refused, 2);
});
