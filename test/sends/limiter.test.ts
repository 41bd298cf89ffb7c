import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Limiter } from "../../src/sends/limiter.ts";

/** A limiter, and its clock, which the test sets. */
class Bench {
  now = 10_000;
  readonly limiter: Limiter;
  #count = 0;

  constructor(rate?: number) {
    this.limiter = new Limiter({ ...(rate === undefined ? {} : { rate }), now: () => this.now });
  }

  /** Answers calls to so many chats within so many milliseconds. Each chat is a new one, unless it is named. */
  answer(kind: "passed" | "refused", count: number, milliseconds: number, lane?: string): void {
    for (let i = 0; i < count; i++) {
      this.limiter[kind](lane ?? `chat ${this.#count++}`);
      this.now += milliseconds / count;
    }
  }

  /** A second in which so many calls succeed, and as many chats are refused as make it plain that it is the bot's limit. */
  slowDown(succeeded: number): void {
    for (let i = 0; i < succeeded; i++) {
      this.answer("passed", 1, 0);
      this.answer("refused", 2, 1000 / succeeded);
    }
    this.answer("refused", 1, 0);
  }

  /** Lets calls go that wait in line, for so long. @returns their times */
  drive(milliseconds: number): number[] {
    const times: number[] = [];
    const end = this.now + milliseconds;
    for (;;) {
      const at = this.now + this.limiter.delay();
      if (at > end) break;
      this.now = at;
      times.push(at);
      this.limiter.went(true);
    }
    this.now = end;
    return times;
  }
}

describe("a limiter whose rate changes", () => {
  test("a call that waits goes out when the new rate allows it", () => {
    const bench = new Bench(0.1);
    bench.limiter.went(false);
    bench.now += 5000;
    assert.equal(bench.limiter.delay(), 5000);
    bench.limiter.restrict(1);
    assert.equal(bench.limiter.delay(), 500);
    bench.limiter.restrict(0.5);
    assert.equal(bench.limiter.delay(), 1000);
  });

  test("it keeps to each rate from then on, and to what it has learnt", () => {
    const bench = new Bench(10);
    bench.drive(1000);
    bench.limiter.restrict(50);
    assert.ok(Math.abs(bench.drive(10_000).length - 500) <= 2);
    bench.limiter.restrict(5);
    assert.ok(Math.abs(bench.drive(10_000).length - 50) <= 2);
    bench.slowDown(40);
    bench.limiter.restrict(1000);
    assert.ok(bench.limiter.rate < 100, `${bench.limiter.rate}`);
  });
});

describe("an open limiter", () => {
  test("it makes no call wait", () => {
    const { limiter } = new Bench();
    assert.equal(limiter.isOpen, true);
    for (let i = 0; i < 1000; i++) {
      assert.equal(limiter.delay(), 0);
      limiter.went(false);
    }
    assert.equal(limiter.rate, Number.POSITIVE_INFINITY);
  });

  test("six chats at limits of their own leave it open, however few others there are", () => {
    const bench = new Bench();
    for (let second = 0; second < 60; second++) {
      for (let chat = 0; chat < 6; chat++) bench.answer("passed", 1, 10, `busy ${chat}`);
      for (let chat = 0; chat < 6; chat++) bench.answer("refused", 1, 10, `busy ${chat}`);
      bench.answer("passed", 5, 900);
      assert.equal(bench.limiter.delay(), 0);
    }
    assert.equal(bench.limiter.rate, Number.POSITIVE_INFINITY);
  });

  test("without refusals for a second it costs nothing again", () => {
    const bench = new Bench();
    bench.answer("refused", 3, 300);
    assert.deepEqual([bench.limiter.isOpen, bench.limiter.delay()], [false, 0]);
    bench.answer("passed", 1, 1000);
    bench.answer("passed", 1, 1000);
    bench.answer("passed", 1, 0);
    assert.equal(bench.limiter.isOpen, true);
  });
});

describe("the bot's limit", () => {
  test("calls are paced at a little less than what succeeded within the second", () => {
    const bench = new Bench();
    bench.slowDown(100);
    assert.ok(bench.limiter.rate > 90 && bench.limiter.rate <= 100, `${bench.limiter.rate}`);
    const times = bench.drive(200);
    assert.ok(times.length >= 19 && times.length <= 23, `${times.length}`);
  });

  test("a late timer is made up for, by 20 ms; idle time is not", () => {
    const bench = new Bench(100);
    bench.limiter.went(false);
    bench.now += 15;
    bench.limiter.went(true);
    assert.equal(bench.limiter.delay(), 5);
    bench.now += 1000;
    bench.limiter.went(true);
    assert.equal(bench.limiter.delay(), 0);
    bench.now += 1000;
    bench.limiter.went(false);
    assert.equal(bench.limiter.delay(), 10);
  });

  test("a few rested chats that are refused while it grows are enough to slow it down again", () => {
    const bench = new Bench();
    bench.slowDown(100);
    bench.now += 600;
    bench.answer("passed", 40, 300);
    bench.drive(1000);
    const grown = bench.limiter.rate;
    bench.answer("passed", 100, 1000);
    bench.answer("refused", 5, 10);
    assert.ok(bench.limiter.rate < grown, `${grown} -> ${bench.limiter.rate}`);
  });

  test("after a minute without refusals, it opens with the first call that does not wait", () => {
    const bench = new Bench();
    bench.slowDown(100);
    bench.now += 59_000;
    bench.limiter.went(false);
    assert.notEqual(bench.limiter.rate, Number.POSITIVE_INFINITY);
    bench.now += 1000;
    bench.limiter.went(true);
    assert.notEqual(bench.limiter.rate, Number.POSITIVE_INFINITY);
    bench.limiter.went(false);
    assert.equal(bench.limiter.rate, Number.POSITIVE_INFINITY);
  });
});

describe("many chats refused in a row, without a success for 0.2 s", () => {
  function shut(): Bench {
    const bench = new Bench();
    bench.answer("passed", 100, 1000);
    bench.answer("refused", 10, 250);
    assert.equal(bench.limiter.isShut, true);
    return bench;
  }

  test("fewer chats, a shorter time or a success between leave it as it is", () => {
    const [few, short, mixed] = [new Bench(), new Bench(), new Bench()];
    few.answer("refused", 9, 400);
    short.answer("refused", 15, 200);
    mixed.answer("refused", 9, 200);
    mixed.answer("passed", 1, 0);
    mixed.answer("refused", 9, 200);
    for (const { limiter } of [few, short, mixed]) assert.equal(limiter.isShut, false);
  });

  test("five chats that are known to have rested are enough", () => {
    const bench = new Bench();
    bench.answer("refused", 1, 0);
    bench.answer("passed", 20, 1100);
    bench.answer("refused", 5, 250);
    assert.equal(bench.limiter.isShut, true);
  });

  test("one call goes at once, and then one every half second", () => {
    const bench = shut();
    const start = bench.now;
    assert.deepEqual(
      bench.drive(1600).map((at) => at - start),
      [0, 500, 1000, 1500],
    );
  });

  test("a success opens it as it was, if no probe was refused", () => {
    const bench = shut();
    bench.limiter.went(true);
    bench.answer("passed", 1, 0);
    assert.equal(bench.limiter.isShut, false);
    assert.equal(bench.limiter.rate, Number.POSITIVE_INFINITY);
  });

  test("if the probe is refused, calls are paced once it opens, at what succeeded before it was shut", () => {
    const bench = shut();
    for (let probe = 0; probe < 3; probe++) {
      bench.drive(500);
      bench.answer("refused", 1, 0);
    }
    bench.answer("passed", 1, 0);
    const { rate } = bench.limiter;
    assert.ok(rate > 90 && rate <= 100, `${rate}`);
    assert.ok(bench.limiter.delay() < 20);
  });

  test("calls that were under way when it shut are no probes", () => {
    const bench = shut();
    bench.answer("refused", 20, 100);
    bench.answer("passed", 1, 0);
    assert.equal(bench.limiter.rate, Number.POSITIVE_INFINITY);
  });
});

describe("a rate of its own", () => {
  test("calls that wait go out evenly", () => {
    const bench = new Bench(20);
    const start = bench.now;
    bench.limiter.went(false);
    assert.deepEqual(
      bench.drive(200).map((at) => at - start),
      [50, 100, 150, 200],
    );
  });

  test("idle time is not made up for", () => {
    const bench = new Bench(20);
    bench.limiter.went(false);
    bench.now += 5000;
    bench.limiter.went(false);
    assert.equal(bench.limiter.delay(), 50);
  });

  test("calls are never faster, whatever Telegram takes", () => {
    const bench = new Bench(20);
    bench.slowDown(100);
    assert.equal(bench.limiter.rate, 20);
    bench.slowDown(10);
    assert.ok(bench.limiter.rate <= 20);
    bench.now += 120_000;
    bench.limiter.went(false);
    assert.equal(bench.limiter.rate, 20);
    assert.equal(bench.limiter.isOpen, false);
  });
});
