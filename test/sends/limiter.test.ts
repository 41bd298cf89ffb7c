import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Limiter } from "../../src/sends/limiter.ts";

/** A limiter, and its clock, which the test sets. */
function limiter(options: { rate?: number } = {}) {
  const clock = { now: 1000 };
  return { clock, limiter: new Limiter({ ...options, now: () => clock.now }) };
}

function turns(limiter: Limiter, count: number): number[] {
  return Array.from({ length: count }, () => Math.round(limiter.turn()));
}

describe("many chats refused within a second", () => {
  const refuse = (limiter: Limiter, chats: number, wait: number) => {
    for (let chat = 1; chat <= chats; chat++) limiter.refused(`${chat}`, wait);
  };

  test("five chats are many: fewer make no other chat wait", () => {
    const { limiter: four } = limiter();
    refuse(four, 4, 3000);
    for (let i = 0; i < 10; i++) four.refused("4", 3000);
    assert.ok(!four.isShut);
    assert.deepEqual(turns(four, 3), [0, 0, 0]);

    const { limiter: five } = limiter();
    refuse(five, 5, 3000);
    assert.ok(five.isShut);
    assert.equal(five.turn(), 3000);
  });

  test("five refusals count only within a second", () => {
    const { limiter: slow, clock } = limiter();
    for (let chat = 1; chat <= 20; chat++) {
      slow.refused(`${chat}`, 60_000);
      clock.now += 250;
    }
    assert.ok(!slow.isShut);
    assert.equal(slow.turn(), 0);
  });

  test("all chats wait for the shortest of their waits: a longer wait is that chat's own", () => {
    const { limiter: shut } = limiter();
    shut.refused("group", 40_000);
    refuse(shut, 4, 2000);
    assert.equal(shut.turn(), 2000);
  });

  test("calls that waited go at 30 a second, and new calls behind them; then the limiter is open again", () => {
    const { limiter: slow, clock } = limiter();
    refuse(slow, 5, 1000);
    assert.deepEqual(turns(slow, 4), [1000, 1033, 1067, 1100]);
    clock.now += 1000;
    assert.ok(!slow.isShut);
    assert.deepEqual(turns(slow, 2), [133, 167]);
    clock.now += 1300;
    assert.deepEqual(turns(slow, 3), [0, 0, 0]);
  });

  test("the refused chats come back one after another, too, though their waits end at the same time", () => {
    const { limiter: slow, clock } = limiter();
    refuse(slow, 5, 1000);
    clock.now += 1010;
    assert.deepEqual(turns(slow, 5), [0, 33, 67, 100, 133]);
  });
});

test("with a rate, calls go out evenly, and idle time is not made up for", () => {
  const { limiter: even, clock } = limiter({ rate: 100 });
  assert.deepEqual(turns(even, 4), [0, 10, 20, 30]);
  clock.now += 35;
  assert.deepEqual(turns(even, 2), [5, 15]);
  clock.now += 5000;
  assert.deepEqual(turns(even, 3), [0, 10, 20]);
});

test("with a rate below 30 a second, calls that waited go no faster", () => {
  const { limiter: slow } = limiter({ rate: 10 });
  for (let chat = 1; chat <= 5; chat++) slow.refused(`${chat}`, 1000);
  assert.deepEqual(turns(slow, 3), [1000, 1100, 1200]);
});
