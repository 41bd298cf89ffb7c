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
