import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../../src/protocol/route.ts";
import { readBatch } from "../../src/updates/intake.ts";

const ANY_AGE = Number.NEGATIVE_INFINITY;

const BOT = { id: 99 };

const message = (update_id: number, date?: number) => ({ update_id, message: { text: "ö", date } });

test("updates are read in order, each with its id, its address and its JSON", () => {
  const batch = [message(7), message(5), message(0), { update_id: Number.MAX_SAFE_INTEGER }];
  assert.deepEqual(readBatch(batch, ANY_AGE, BOT, "chat"), {
    updates: batch.map((update) => {
      const body = JSON.stringify(update);
      return { update_id: update.update_id, ...addressOf(update, BOT, "chat"), body };
    }),
    unreadable: [],
    stale: 0,
  });
});

test("an empty batch is read as nothing", () => {
  assert.deepEqual(readBatch([], ANY_AGE, BOT, "chat"), { updates: [], unreadable: [], stale: 0 });
});

for (const [what, input, update_id] of [
  ["null", null, undefined],
  ["a number", 7, undefined],
  ["text", "x", undefined],
  ["an array", [], undefined],
  ["an object without an id", {}, undefined],
  ["an id that is text", { update_id: "1", message: {} }, "1"],
  ["a negative id", { update_id: -1, message: {} }, -1],
  ["a fraction", { update_id: 1.5 }, 1.5],
  ["an id that is too large to be exact", { update_id: 2 ** 53 }, 2 ** 53],
] as const) {
  test(`${what} is unreadable, and the rest of its batch is read`, () => {
    const { updates, unreadable, stale } = readBatch([message(1), input, message(2)], ANY_AGE, BOT, "chat");
    assert.deepEqual(
      updates.map((update) => update.update_id),
      [1, 2],
    );
    assert.deepEqual(unreadable, [{ update_id, body: JSON.stringify(input), reason: "it has no update_id" }]);
    assert.equal(stale, 0);
  });
}

test("input that JSON cannot express is unreadable", () => {
  const circular: Record<string, unknown> = { update_id: 3 };
  circular.self = circular;
  for (const input of [circular, { update_id: 3, size: 1n }, undefined]) {
    const { updates, unreadable } = readBatch([input, message(1)], ANY_AGE, BOT, "chat");
    const update_id = input === undefined ? undefined : 3;
    assert.deepEqual(unreadable, [{ update_id, body: "null", reason: "it cannot be written as JSON" }]);
    assert.equal(updates.length, 1);
  }
});

test("updates with an earlier date are stale; one without a date never is", () => {
  const batch = [
    message(1, 999),
    message(2, 1000),
    message(3),
    { update_id: 4, callback_query: { from: { id: 1 }, message: { date: 1 } } },
    { update_id: 5, edited_message: { date: 500 } },
    { update_id: 6 },
    { update_id: 7, message: null },
  ];
  const { updates, unreadable, stale } = readBatch(batch, 1000, BOT, "chat");
  assert.deepEqual(
    updates.map(({ update_id }) => update_id),
    [2, 3, 4, 6, 7],
  );
  assert.equal(stale, 2);
  assert.deepEqual(unreadable, []);
  assert.equal(readBatch(batch, ANY_AGE, BOT, "chat").updates.length, batch.length);
});
