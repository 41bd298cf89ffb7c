import assert from "node:assert/strict";
import { test } from "node:test";
import type { NumberedCall } from "../../../simulator/inspector/snapshot.ts";
import { callOf, callsByMessage, callsByUpdate } from "../../../simulator/page/links.ts";

const call = (number: number, result: unknown, update_id?: number) =>
  ({ number, method: "m", result, ...(update_id !== undefined && { origin: { update_id } }) }) as NumberedCall;
const CALLS = [
  call(1, { message_id: 5, chat: { id: 7 } }, 100),
  call(2, { message_id: 5, chat: { id: 8 } }, 101),
  call(
    3,
    [
      { message_id: 9, chat: { id: 7 } },
      { message_id: 10, chat: { id: 7 } },
    ],
    100,
  ),
  call(4, { message_id: 11 }),
  call(5, true),
  call(6, undefined),
];

test("a message leads to the call that made it in its chat, also to an album's and a copy's", () => {
  const made = callsByMessage(CALLS);
  const numberOf = (message_id: number, chat: number) => callOf(made, message_id, chat)?.number;
  assert.deepEqual([numberOf(5, 7), numberOf(5, 8), numberOf(5, 9)], [1, 2, undefined]);
  assert.deepEqual([numberOf(9, 7), numberOf(10, 7), numberOf(11, 7), numberOf(12, 7)], [3, 3, 4, undefined]);
});

test("an update leads to its calls", () => {
  const made = callsByUpdate(CALLS);
  assert.deepEqual(
    made.get(100)?.map(({ number }) => number),
    [1, 3],
  );
  assert.equal(made.get(102), undefined);
});
