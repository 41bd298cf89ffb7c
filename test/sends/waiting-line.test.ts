import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { WaitingLine } from "../../src/sends/waiting-line.ts";
import { VirtualTime } from "./simulation/virtual-time.ts";

const INTERVAL = 100;

interface Member {
  readonly name: string;
  readonly sending: { readonly isBulk?: boolean };
}

/** A line with a limiter that lets a call go every 100 ms, or all at once. */
class Bench {
  readonly time = new VirtualTime();
  readonly gone: string[] = [];
  isOpen = false;
  timers = 0;
  #next = 0;

  readonly line = new WaitingLine<Member>({
    limiter: {
      isOpen: false,
      delay: () => (this.isOpen ? 0 : Math.max(0, this.#next - this.time.now())),
      went: () => {
        this.#next = this.time.now() + INTERVAL;
      },
    },
    wait: (milliseconds, done) => {
      this.timers += 1;
      const stop = this.time.wait(milliseconds, () => {
        this.timers -= 1;
        done();
      });
      return () => {
        this.timers -= 1;
        stop();
      };
    },
    go: ({ name }) => void this.gone.push(name),
  });

  /** Waits in line; the line begins when the first turn is taken. */
  add(name: string, isBulk = false): Member {
    const member = { name, sending: { isBulk } };
    this.line.add(member, isBulk);
    return member;
  }

  takeFirstTurn(): void {
    assert.equal(this.line.pass({}), true);
  }
}

describe("a call", () => {
  test("a call passes if it is its turn and none waits, and takes the turn", () => {
    const { line } = new Bench();
    assert.deepEqual([line.pass({}), line.pass({})], [true, false]);
  });

  test("a call does not pass those that wait, even if it is its turn; bulk does not pass other bulk", async () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    bench.add("bulk", true);
    await bench.time.runUntil(INTERVAL - 1);
    bench.isOpen = true;
    assert.equal(bench.line.pass({ isBulk: true }), false);
    assert.equal(bench.line.pass({}), true);
    bench.isOpen = false;
    bench.add("call");
    bench.isOpen = true;
    assert.equal(bench.line.pass({}), false);
  });
});

describe("those that wait", () => {
  test("they go one after another in the order in which they came, and one timer is set", async () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    for (const name of ["a", "b", "c"]) bench.add(name);
    assert.equal(bench.timers, 1);
    await bench.time.runUntil(2 * INTERVAL);
    assert.deepEqual(bench.gone, ["a", "b"]);
    await bench.time.runUntil(3 * INTERVAL);
    assert.deepEqual(bench.gone, ["a", "b", "c"]);
    assert.deepEqual([bench.line.isEmpty, bench.timers], [true, 0]);
  });

  test("bulk goes when no other call waits", async () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    for (const name of ["bulk 1", "bulk 2"]) bench.add(name, true);
    for (const name of ["call 1", "call 2"]) bench.add(name);
    await bench.time.runUntil(10 * INTERVAL);
    assert.deepEqual(bench.gone, ["call 1", "call 2", "bulk 1", "bulk 2"]);
  });

  test("bulk that is promoted goes with the other calls, behind those that waited", async () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    const [, second] = ["bulk 1", "bulk 2", "bulk 3"].map((name) => bench.add(name, true));
    const call = bench.add("call");
    for (const member of [second!, call]) bench.line.promote(member);
    await bench.time.runUntil(10 * INTERVAL);
    assert.deepEqual(bench.gone, ["call", "bulk 2", "bulk 1", "bulk 3"]);
  });

  test("all go at once when the limiter opens and the line is told", () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    for (const name of ["a", "b", "c"]) bench.add(name);
    bench.isOpen = true;
    bench.line.answered({});
    assert.deepEqual(bench.gone, ["a", "b", "c"]);
    assert.equal(bench.timers, 0);
  });

  test("one that leaves does not go, and the last one takes the timer with it", async () => {
    const bench = new Bench();
    bench.takeFirstTurn();
    const [a, b] = [bench.add("a"), bench.add("b", true)];
    bench.line.delete(a);
    assert.equal(bench.timers, 1);
    bench.line.delete(b);
    assert.deepEqual([bench.line.isEmpty, bench.timers], [true, 0]);
    await bench.time.runUntil(10 * INTERVAL);
    assert.deepEqual(bench.gone, []);
  });

  test("in any course of things, each that stays goes once, and those of a kind in their order", async () => {
    const step = fc.record({ do: fc.constantFrom("add", "bulk", "delete", "promote", "run"), which: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
        const bench = new Bench();
        let calls: string[] = [];
        let bulk: string[] = [];
        const members = new Map<string, Member>();
        const expected: string[] = [];
        bench.takeFirstTurn();
        for (const [i, { do: what, which }] of steps.entries()) {
          const waiting = [...calls, ...bulk];
          const name = waiting[which % waiting.length];
          if (what === "add" || what === "bulk") {
            members.set(`${i}`, bench.add(`${i}`, what === "bulk"));
            (what === "bulk" ? bulk : calls).push(`${i}`);
          } else if (what === "run") {
            await bench.time.runUntil(bench.time.now() + INTERVAL);
          } else if (name !== undefined) {
            bench.line[what as "delete" | "promote"](members.get(name)!);
            if (what === "delete") calls = calls.filter((one) => one !== name);
            else if (bulk.includes(name)) calls.push(name);
            bulk = bulk.filter((one) => one !== name);
          }
          while (expected.length < bench.gone.length) expected.push((calls.shift() ?? bulk.shift())!);
          assert.deepEqual(bench.gone, expected);
        }
        await bench.time.runUntil(bench.time.now() + 100 * INTERVAL);
        assert.deepEqual(bench.gone, [...expected, ...calls, ...bulk]);
      }),
    );
  });
});

describe("bulk under way", () => {
  test("250 calls of bulk may be under way at once; the others have no such limit", () => {
    const bench = new Bench();
    bench.isOpen = true;
    for (let i = 0; i < 250; i++) assert.equal(bench.line.pass({ isBulk: true }), true);
    assert.equal(bench.line.pass({ isBulk: true }), false);
    for (const name of ["a", "b"]) bench.add(name, true);
    assert.equal(bench.line.pass({}), true);
    bench.add("call");
    assert.deepEqual(bench.gone, ["call"]);
    bench.line.answered({});
    assert.deepEqual(bench.gone, ["call"]);
    bench.line.answered({ isBulk: true });
    assert.deepEqual(bench.gone, ["call", "a"]);
    bench.line.answered({ isBulk: true });
    assert.deepEqual(bench.gone, ["call", "a", "b"]);
  });
});
