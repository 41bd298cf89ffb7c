import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cell, figuresOf } from "../../../bench/heavy/cells.ts";
import { judge } from "../../../bench/heavy/marks.ts";
import { OFFLOAD, PISCINA, RUNNER } from "../../../bench/heavy/peers.ts";
import type { Run } from "../../../bench/measure.ts";

interface Times {
  light: number[];
  heavy: number[];
  pollGaps?: number[];
}

/** A run of a warm-up and a phase of 10 s. */
function run({ light, heavy, pollGaps = [1] }: Times, faults?: string): Run {
  const verdict = { lost: faults === undefined ? 0 : 1, repeated: 0, outOfOrder: 0, astray: 0 };
  const measured = { verdict, seconds: 10, memory: { peak: 2e6 }, samples: { light, heavy, pollGaps } };
  return { faults, phases: [{}, measured] } as unknown as Run;
}

function cell(peer: string, load: number, ...runs: Run[]): Cell {
  return { peer, load, runs };
}

/** The marks that are missed. */
function missed(...cells: Cell[]): string[] {
  const judgements = judge({ workloads: [{ name: "image", capacities: [5], cells }] });
  return judgements.filter(({ isMet }) => !isMet).map(({ text }) => text);
}

test("the times of all runs are pooled", () => {
  const runs = [run({ light: [1, 2], heavy: [30] }), run({ light: [3], heavy: [10, 20], pollGaps: [7] })];
  const { light, heavy, pollGaps, heavyPerSecond, peak, lost } = figuresOf(runs);
  assert.deepEqual([light.p50, light.count, heavy.p50, pollGaps.max], [2, 3, 20, 7]);
  assert.deepEqual([heavyPerSecond, peak, lost], [0.15, 2e6, 0]);
});

test("a run whose server died is a fault without times", () => {
  const died = { faults: "the server ended with 1", phases: [] } as unknown as Run;
  const { light, faults } = figuresOf([died, run({ light: [1], heavy: [2] })]);
  assert.deepEqual([light.count, faults], [1, ["the server ended with 1"]]);
});

test("marks compare offload() with the runner and its Piscina, cell by cell", () => {
  const peer = (load: number) => cell(PISCINA.name, load, run({ light: [2], heavy: [100] }));
  const own = (load: number, times: Times, faults?: string) => cell(OFFLOAD.name, load, run(times, faults));
  const good = { light: [2], heavy: [100] };
  const cells = [own(80, good), peer(80), own(150, good), peer(150), cell(RUNNER.name, 80, run(good))];
  assert.deepEqual(missed(...cells), ["light p99, at most the peer's in 3 cells: in 2 of 2"]);
  const slow = missed(own(150, { light: [4.3], heavy: [900], pollGaps: [7] }), peer(150));
  assert.deepEqual(slow.map((text) => text.split(":")[1]!.split(",")[0]!.trim()).slice(0, 4), [
    "light p50",
    "light p99",
    "poll gap p99",
    "longest poll gap",
  ]);
  const late = missed(own(80, { light: [2], heavy: [111] }, "1 lost"), peer(80));
  assert.ok(late.some((text) => text.includes("heavy p99")));
  assert.ok(late.some((text) => text.includes("1 lost")));
});

test("without both servers there is nothing to judge", () => {
  assert.deepEqual(missed(cell(OFFLOAD.name, 80, run({ light: [1], heavy: [1] }))), []);
});

test("on a small machine the marks are the light messages and the memory", () => {
  const cells = [
    cell(OFFLOAD.name, 80, run({ light: [4.5], heavy: [900] })),
    cell(PISCINA.name, 80, run({ light: [2], heavy: [100] })),
  ];
  const judgements = judge({ workloads: [{ name: "image", capacities: [5], cells }], isSmall: true });
  assert.deepEqual(
    judgements.map(({ text, isMet }) => [text.split(": ")[1], isMet]),
    [
      ["light p99, at most the peer's + 2 ms", false],
      ["peak memory, at most the peer's + 80 MB", true],
      ["nothing lost, repeated or out of order", true],
    ],
  );
});
