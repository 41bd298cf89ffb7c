import assert from "node:assert/strict";
import { test } from "node:test";
import type { Query } from "../../../scripts/dashboard/panels.ts";
import { parseMetrics, pointsOf, type Scrape } from "../../../scripts/dashboard/series.ts";

const scrape = (at: number, text: string): Scrape => ({ at, samples: parseMetrics(text) });
const values = (query: Query, scrapes: readonly Scrape[]) =>
  pointsOf(query, scrapes, 1).map(({ at, line, value }) => [at, line, value]);

test("samples are read with their labels, comments left out", () => {
  assert.deepEqual(parseMetrics('# HELP a b\na{x="1",y="two"} 3.5\nb 4\n'), [
    { name: "a", labels: { x: "1", y: "two" }, value: 3.5 },
    { name: "b", labels: {}, value: 4 },
  ]);
});

test("a rate is per second and by a label; a counter that went back began anew", () => {
  const name = "asgigram_sends_total";
  const line = (ok: number, refused: number) =>
    `${name}{method="a",outcome="ok"} ${ok}\n${name}{method="b",outcome="ok"} 1\n${name}{method="a",outcome="refused"} ${refused}`;
  const scrapes = [scrape(10, line(4, 9)), scrape(12, line(8, 2))];
  assert.deepEqual(values({ rate: name, by: "outcome" }, scrapes), [
    [2, "ok", 2],
    [2, "refused", 1],
  ]);
});

test("a quantile lies within its bucket, and there is none where nothing was measured", () => {
  const name = "asgigram_send_seconds";
  const line = (one: number, two: number, all: number) =>
    `${name}_bucket{le="1"} ${one}\n${name}_bucket{le="3"} ${two}\n${name}_bucket{le="+Inf"} ${all}`;
  const scrapes = [
    scrape(0, line(1, 1, 1)),
    scrape(1, line(1, 5, 5)),
    scrape(2, line(1, 5, 9)),
    scrape(3, line(1, 5, 9)),
  ];
  const query = { quantile: 0.5, of: name, legend: "median" } as const;
  assert.deepEqual(values(query, scrapes), [
    [1, "median", 2],
    [2, "median", 3],
  ]);
});
