import assert from "node:assert/strict";
import { test } from "node:test";
import { Waits } from "./waits.ts";

function atWill() {
  let now = 0;
  const waits = new Waits(() => now);
  return { waits, pass: (milliseconds: number) => (now += milliseconds) };
}

test("the 99th of a hundred waits counts, and messages without an answer are among them", () => {
  const { waits, pass } = atWill();
  waits.begin();
  for (let number = 1; number <= 99; number++) {
    waits.asked(1, number);
    pass(number === 99 ? 500 : 10);
    waits.answered(1, number);
  }
  waits.asked(2, 1);
  pass(2000);
  assert.deepEqual(waits.end(), { answers: 100, p99: 500 });
});

test("chats that waited before the period, or that something befalls, do not count", () => {
  const { waits, pass } = atWill();
  waits.asked(1, 1);
  pass(5000);
  waits.begin();
  waits.answered(1, 1);
  waits.asked(1, 2);
  waits.asked(2, 1);
  waits.asked(3, 1);
  waits.trouble(2);
  pass(30);
  for (const chat of [1, 2, 3]) waits.answered(chat, 1);
  waits.answered(1, 2);
  assert.deepEqual(waits.end(), { answers: 1, p99: 30 });
  assert.deepEqual(waits.end(), { answers: 0, p99: 0 });
});

test("chats with an older message that has no answer are known", () => {
  const { waits, pass } = atWill();
  waits.asked(1, 1);
  waits.asked(2, 1);
  pass(10);
  waits.asked(2, 2);
  waits.asked(3, 1);
  assert.deepEqual(waits.chatsFromBefore(10), [1, 2]);
  waits.answered(2, 1);
  assert.deepEqual(waits.chatsFromBefore(10), [1]);
});
