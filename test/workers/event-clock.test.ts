import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EventClock } from "../../workers/event-clock.ts";

/** A clock on a time of its own. */
function setUp(t: TestContext) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  const clock = new EventClock();
  const late: number[] = [];
  return {
    clock,
    late,
    start: (limit: number) => clock.start(limit, () => void late.push(now)),
    pass(milliseconds: number) {
      now += milliseconds;
      t.mock.timers.tick(milliseconds);
    },
  };
}

test("it is late once, at the limit", (t) => {
  const { start, pass, late, clock } = setUp(t);
  start(100);
  assert.equal(clock.limit, 100);
  pass(99);
  assert.deepEqual(late, []);
  pass(1);
  pass(1000);
  assert.deepEqual(late, [100]);
});

test("a new limit counts from now", (t) => {
  const { start, pass, late } = setUp(t);
  start(100);
  pass(90);
  start(100);
  pass(99);
  assert.deepEqual(late, []);
  pass(1);
  assert.deepEqual(late, [190]);
});

test("it stands while it is paused, for as many reasons as there are, and says no limit", (t) => {
  const { start, pass, late, clock } = setUp(t);
  start(100);
  pass(60);
  clock.pause();
  clock.pause();
  pass(500);
  clock.resume();
  assert.equal(clock.limit, 0);
  pass(500);
  clock.resume();
  pass(39);
  assert.deepEqual(late, []);
  pass(1);
  assert.equal(late.length, 1);
});

test("a limit that is set while it is paused runs from its end", (t) => {
  const { start, pass, late, clock } = setUp(t);
  clock.pause();
  start(100);
  pass(500);
  assert.deepEqual(late, []);
  clock.resume();
  pass(100);
  assert.equal(late.length, 1);
});

test("it is never late once it is stopped, or with a limit longer than a timer", (t) => {
  const { start, pass, late, clock } = setUp(t);
  start(100);
  clock.stop();
  pass(100);
  start(2 ** 33);
  pass(100);
  assert.deepEqual(late, []);
});
