import assert from "node:assert/strict";
import { test } from "node:test";
import { Pulse } from "../../src/protocol/pulse.ts";

const START = 1_790_000_000_000;

test("the other thread sees how long ago the loop last turned", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  own.beat();
  assert.equal(seen.silence, 0);
  t.mock.timers.setTime(START + 1500);
  assert.equal(seen.silence, 1500);
  own.beat();
  assert.equal(seen.silence, 0);
});

test("before the first beat there is no silence", () => {
  assert.equal(new Pulse().silence, 0);
});

test("a clock that is set back makes no negative silence", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const pulse = new Pulse();
  pulse.beat();
  t.mock.timers.setTime(START - 60_000);
  assert.equal(pulse.silence, 0);
});

test("the other thread sees the event that the application was last at", () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  assert.equal(seen.seq, 0);
  for (const seq of [7, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
    own.workAt(seq);
    assert.equal(seen.seq, seq);
  }
});
