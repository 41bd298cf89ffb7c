import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { Flood, type FloodSecond } from "../../../simulator/inspector/flood.ts";
import { Journal } from "../../../simulator/state/journal.ts";
import { eventually } from "../../eventually.ts";

function flood(options: { people: number; rate: number; seconds: number }, answers: boolean) {
  const journal = new Journal(100);
  const written: number[] = [];
  const told: FloodSecond[] = [];
  const write = (person: number) => {
    written.push(person);
    if (answers) {
      setImmediate(() => journal.record(person, { by: "bot", type: "message", message: {} as never }));
    }
    return person;
  };
  return { flood: new Flood(options, { journal, write }, (second) => told.push(second)), written, told };
}

describe("a flood", () => {
  test("has each person write in turn, and ends when all is answered", async () => {
    const it = flood({ people: 3, rate: 20, seconds: 0.5 }, true);
    await eventually(
      () => it.flood.isOver,
      () => it.told,
    );
    assert.deepEqual(
      it.written,
      Array.from({ length: 10 }, (_, i) => i % 3),
    );
    const sum = (of: (second: FloodSecond) => number) => it.told.reduce((all, second) => all + of(second), 0);
    assert.deepEqual([sum(({ sent }) => sent), sum(({ answered }) => answered), it.told.at(-1)!.waiting], [10, 10, 0]);
    assert.ok(it.told.some(({ p50, p99 }) => p50 !== undefined && p99! >= p50));
  });

  test("counts what waits, and ends when it is told", async () => {
    const it = flood({ people: 1, rate: 50, seconds: 100 }, false);
    await eventually(
      () => it.told.length > 0,
      () => it.told,
    );
    it.flood.stop();
    const { waiting, answered, p99 } = it.told[0]!;
    assert.ok(waiting > 0);
    assert.deepEqual([answered, p99, it.flood.isOver], [0, undefined, true]);
    const before = it.written.length;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(it.written.length, before);
  });

  test("is an action: people of its own write to the bot", async () => {
    await using simulator = await Simulator.start();
    await simulator.perform("flood", { people: 2, rate: 100, seconds: 0.05, text: "hi" });
    await eventually(
      () => simulator.pending >= 2,
      () => simulator.pending,
    );
    await simulator.perform("endFlood", {});
    assert.equal(simulator.titleOf((await simulator.user("Flood 2")).id), "Flood 2");
    for (const wrong of [{ people: 0 }, { rate: 0 }, { seconds: 0 }]) {
      const takes = { people: 1, rate: 1, seconds: 1, text: "hi", ...wrong };
      await assert.rejects(simulator.perform("flood", takes), /must be/);
    }
  });
});
