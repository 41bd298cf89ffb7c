import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LearntRate } from "../../src/sends/learnt-rate.ts";

const START = 1_000_000;

/** Uses a rate so long, ten times a second. @returns the time after that */
function use(rate: LearntRate, from: number, milliseconds: number, waited = true): number {
  for (let now = from; now <= from + milliseconds; now += 100) rate.used(now, waited);
  return from + milliseconds;
}

/** A rate that was lowered twice, so that it is no rough one any more. */
function learnt(value: number): LearntRate {
  const rate = new LearntRate();
  rate.lower(START - 10_000, value / 0.98 ** 2);
  rate.lower(START, value / 0.98);
  isAbout(rate, value);
  return rate;
}

const isAbout = (rate: LearntRate, value: number) =>
  assert.ok(Math.abs(rate.value - value) < 0.02 * value, `${rate.value}, not ${value}`);

describe("the first rate", () => {
  test("the first rate is a little less than what succeeded, and not below 30", () => {
    const [fast, slow] = [new LearntRate(), new LearntRate()];
    assert.equal(fast.isUnlimited, true);
    fast.lower(START, 100);
    slow.lower(START, 5);
    isAbout(fast, 98);
    assert.deepEqual([slow.value, fast.isUnlimited], [30, false]);
  });

  test("the first rate is a rough one: it grows at once, to thirtyfold within ten seconds", () => {
    const rate = new LearntRate();
    rate.lower(START, 30);
    use(rate, START, 10_000);
    assert.ok(rate.value > 900, `${rate.value}`);
  });
});

describe("a learnt rate", () => {
  test("it follows a limit that falls to a tenth within five steps", () => {
    const rate = learnt(1000);
    for (const [i, value] of [600, 360, 216, 130, 98].entries()) {
      rate.lower(START + 1500 * i, 100);
      isAbout(rate, value);
    }
  });

  test("it is never lower than a call in a second", () => {
    const rate = learnt(30);
    for (let step = 0; step < 20; step++) rate.lower(START + 1500 * step, 0);
    assert.equal(rate.value, 1);
  });

  test("it stays for five seconds, then grows by 2 % in a second, and faster and faster", () => {
    const rate = learnt(100);
    let now = START;
    for (const [milliseconds, value] of [
      [5000, 100],
      [1000, 102],
      [2000, 106],
      [3000, 120],
    ] as const) {
      now = use(rate, now, milliseconds);
      isAbout(rate, value);
    }
    use(rate, now, 12_000);
    assert.ok(rate.value > 1000, `${rate.value}`);
  });

  test("it does not grow while no call waits for it", () => {
    const rate = learnt(100);
    const now = use(rate, START, 120_000, false);
    isAbout(rate, 100);
    use(rate, now, 1000);
    isAbout(rate, 102);
  });

  test("time without calls is no time in which it grows", () => {
    const rate = learnt(100);
    const now = use(rate, START, 5000);
    rate.used(now + 60_000, true);
    isAbout(rate, 102);
  });

  test("when it has grown too far it comes back to where it was, and stays twice as long, up to 40 s", () => {
    const rate = learnt(30);
    const before = rate.value;
    let now = START;
    for (const hold of [5000, 10_000, 20_000, 40_000, 40_000]) {
      now = use(rate, now, hold);
      assert.equal(rate.value, before);
      now = use(rate, now, 3000);
      assert.ok(rate.value > before);
      rate.lower(now, 29);
      assert.equal(rate.value, before);
    }
  });

  test("forget() makes it unlimited", () => {
    const rate = learnt(30);
    rate.forget();
    assert.equal(rate.isUnlimited, true);
  });
});

describe("when Telegram has shut everybody out", () => {
  test("a rate that had stood for a while is lowered a little, and stays twelve times as long as the wait", () => {
    const rate = learnt(100);
    const shut = START + 4000;
    rate.lowerWhenShut(shut, shut, 80);
    isAbout(rate, 94);
    rate.opened(shut + 3000, 3000);
    const now = use(rate, shut + 3000, 36_000);
    isAbout(rate, 94);
    use(rate, now, 3000);
    isAbout(rate, 99);
  });

  test("a rate that is new is lowered by a quarter, and grows again soon", () => {
    const rate = learnt(100);
    rate.lowerWhenShut(START + 1000, START + 1000, 0);
    isAbout(rate, 76);
    rate.opened(START + 4000, 3000);
    use(rate, START + 4000, 5000);
    assert.ok(rate.value > 90, `${rate.value}`);
  });

  test("calls from before a change do not lower it again", () => {
    const rate = learnt(100);
    rate.lowerWhenShut(START + 600, START + 400, 50);
    isAbout(rate, 100);
  });

  test("far fewer successes than the rate lower it to these", () => {
    const rate = learnt(100);
    rate.lowerWhenShut(START + 10_000, START + 10_000, 65);
    isAbout(rate, 64);
  });
});
