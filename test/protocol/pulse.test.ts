import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BEAT, Pulse } from "../../src/protocol/pulse.ts";

const START = 1_790_000_000;

/** The clock that all threads share, which the test sets: ms. */
function clock(t: TestContext, now = START): { now: number } {
  const clock = { now };
  t.mock.method(process.hrtime, "bigint", () => BigInt(clock.now) * 1_000_000n);
  return clock;
}

test("the other thread reads the time since the last beat", (t) => {
  const time = clock(t);
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  own.beat();
  assert.equal(seen.silence, 0);
  time.now = START + 1500;
  assert.equal(seen.silence, 1500);
  own.beat();
  assert.equal(seen.silence, 0);
});

test("silence is 0 before the first beat", () => {
  assert.equal(new Pulse().silence, 0);
});

test("a step of the system's clock is no silence", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: START });
  const pulse = new Pulse();
  pulse.beat();
  for (const step of [60_000, -60_000]) {
    t.mock.timers.setTime(START + step);
    assert.ok(pulse.silence < 30_000);
  }
});

test("the other thread reads the event that the application last worked at", async () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  assert.equal(seen.seq, 0);
  for (const seq of [7, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
    own.willWorkAt(seq);
    await Promise.resolve();
    assert.equal(seen.seq, seq);
  }
});

test("each of several applications that one message resumes is at its own event when its code goes on", async () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  const waiting = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const read = waiting.map(async ({ promise }) => {
    await promise;
    return seen.seq;
  });
  own.willWorkAt(9);
  await Promise.resolve();
  for (const [i, { resolve }] of waiting.entries()) {
    own.willWorkAt(i + 1);
    resolve();
  }
  assert.equal(seen.seq, 9, "none of them has gone on");
  assert.deepEqual(await Promise.all(read), [1, 2, 3]);
});

test("a time limit is that of the event whose code runs, and of none when several events go on by themselves", async () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  for (const isAlone of [true, false]) {
    own.isAlone = () => isAlone;
    own.willWorkAt(5, 3000);
    await Promise.resolve();
    assert.deepEqual([seen.seq, seen.limit], [5, 3000]);
    await new Promise(setImmediate);
    assert.deepEqual([seen.seq, seen.limit], [5, isAlone ? 3000 : 0]);
  }
});

test("the other thread reads the measurements of the last beat", async (t) => {
  clock(t);
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  assert.deepEqual(seen.condition, { instances: 0, idle: 0, evicted: 0, active: 0, heap: 0, external: 0 });
  const measures = { instances: 3, active: 1234.5, heap: 2 ** 33, external: 7 };
  own.beat(measures);
  own.willWorkAt(9);
  await Promise.resolve();
  assert.deepEqual(seen.condition, { ...measures, idle: 0, evicted: 0 });
  assert.equal(seen.seq, 9);
  own.beat();
  assert.deepEqual(seen.condition, { ...measures, idle: 0, evicted: 0 });
});

test("the other thread reads counts of dropped instances at once, and a beat keeps them", () => {
  const own = new Pulse();
  const seen = new Pulse(own.buffer);
  own.count("evicted");
  own.count("idle");
  own.count("evicted");
  own.beat({ instances: 3, active: 1, heap: 2, external: 4 });
  const { idle, evicted } = seen.condition;
  assert.deepEqual({ idle, evicted }, { idle: 1, evicted: 2 });
});

test("a missed beat counts as active time, and active time never decreases", (t) => {
  const time = clock(t);
  const measures = { instances: 0, active: 100, heap: 0, external: 0 };
  const pulse = new Pulse();
  pulse.beat(measures);
  time.now = START + BEAT;
  assert.equal(pulse.condition.active, 100);
  time.now = START + BEAT + 2500;
  assert.equal(pulse.condition.active, 2600);
  // The loop was idle until the timer was due, and blocked from then on.
  pulse.beat({ ...measures, active: 100 + 2500 });
  assert.equal(pulse.condition.active, 2600);
});
