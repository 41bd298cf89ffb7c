import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, MARKS } from "../../bench/marks.ts";
import type { Run } from "../../bench/measure.ts";
import { PLOTS } from "../../bench/plots.ts";
import { emptyResults } from "../../bench/results.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";

test("marks and plots name measured scenarios, entries and figures", () => {
  const known = SCENARIOS.flatMap(({ name, entries, figures }) =>
    entries.flatMap((entry) => figures.map((figure) => [name, entry.name, figure.name].join())),
  );
  for (const { scenario, entry, comparedTo = entry, figure } of MARKS) {
    assert(known.includes([scenario, entry, figure].join()), `${scenario}: ${entry}, ${figure}`);
    assert(known.includes([scenario, comparedTo, figure].join()), `${scenario}: ${comparedTo}, ${figure}`);
  }
  for (const { scenario, figure } of PLOTS) {
    assert(SCENARIOS.find(({ name }) => name === scenario)?.figures.some(({ name }) => name === figure));
  }
});

test("marks are judged by the medians of the runs that count", () => {
  const started = (startMs: number, faults?: string) => ({ startMs, faults }) as Run;
  const judged = (runs: Run[]) => {
    const entries = [{ name: "asgigram", isOurs: true, runs }];
    return judge({ ...emptyResults(1, 2), scenarios: [{ name: "start", entries }] }).map(({ value, isMet }) => [
      value,
      isMet,
    ]);
  };
  assert.deepEqual(judged([started(240), started(900), started(250)]), [[250, true]]);
  assert.deepEqual(judged([started(240), started(260)]), [[250, true]]);
  assert.deepEqual(judged([started(251), started(9, "1 lost")]), [[251, false]]);
  assert.deepEqual(judged([started(9, "1 lost")]), [[undefined, undefined]]);
});

test("a bot under asgigram is compared to the bot alone: by a multiple of its CPU time, by the difference of its memory", () => {
  const phase = (cpu: number, resident: number) => ({
    updates: 1,
    seconds: 1,
    cpu,
    memory: { resident, peak: resident },
  });
  const entry = (name: string, cpu: number, resident: number) => {
    const run = { memoryAtStart: {}, phases: [phase(cpu, resident)] } as unknown as Run;
    return { name, isOurs: false, runs: [run] };
  };
  const entries = [entry("telegraf", 100, 80e6), entry("asgigram-telegraf", 70, 141e6)];
  const judged = judge({ ...emptyResults(1, 2), scenarios: [{ name: "programs", entries }] });
  const ours = judged.filter(({ mark }) => mark.entry === "asgigram-telegraf");
  assert.deepEqual(
    ours.map(({ mark, value, isMet }) => [mark.figure, value, isMet]),
    [
      ["CPU us/update", 0.7, true],
      ["updates/s", 1, true],
      ["MB at end", 61, false],
    ],
  );
});
