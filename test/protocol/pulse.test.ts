import assert from "node:assert/strict";
import { test } from "node:test";
import { BEAT, Pulse } from "../../src/protocol/pulse.ts";

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

test("the other thread sees how the worker fared at its last beat", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  assert.deepEqual(seen.condition, { instances: 0, idle: 0, evicted: 0, active: 0, heap: 0, external: 0 });
  const measures = { instances: 3, active: 1234.5, heap: 2 ** 33, external: 7 };
  own.beat(measures);
  own.workAt(9);
  assert.deepEqual(seen.condition, { ...measures, idle: 0, evicted: 0 });
  assert.equal(seen.seq, 9);
  own.beat();
  assert.deepEqual(seen.condition, { ...measures, idle: 0, evicted: 0 });
});

test("the other thread sees at once what was dropped, and no beat undoes that", () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  own.count("evicted");
  own.count("idle");
  own.count("evicted");
  own.beat({ instances: 3, active: 1, heap: 2, external: 4 });
  const { idle, evicted } = seen.condition;
  assert.deepEqual({ idle, evicted }, { idle: 1, evicted: 2 });
});

test("a worker that has missed a beat is at work, and that never goes back", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const measures = { instances: 0, active: 100, heap: 0, external: 0 };
  const pulse = new Pulse();
  pulse.beat(measures);
  t.mock.timers.setTime(START + BEAT);
  assert.equal(pulse.condition.active, 100);
  t.mock.timers.setTime(START + BEAT + 2500);
  assert.equal(pulse.condition.active, 2600);
  // It was idle until its timer was due, and has been blocked since.
  pulse.beat({ ...measures, active: 100 + 2500 });
  assert.equal(pulse.condition.active, 2600);
});
