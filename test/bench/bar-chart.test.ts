import assert from "node:assert/strict";
import { test } from "node:test";
import { type BarChart, barChart } from "../../bench/bar-chart.ts";

const bar = (name: string, value: number, ...strokes: number[]) => ({
  name,
  isHighlighted: false,
  value,
  strokes,
  label: `${value}`,
});

/** The numbers in a pattern's group, in the order of the text. */
const numbers = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, number]) => Number(number));
const widths = (chart: BarChart) => numbers(barChart(chart), /<rect [^>]*width="([\d.]+)"/g);
const ticks = (chart: BarChart) =>
  [...barChart(chart).matchAll(/text-anchor="middle">([^<]*)</g)].map(([, text]) => text);

test("a bar is as long as its value, from 0", () => {
  const [one, two, none] = widths({ title: "", bars: [bar("one", 10), bar("two", 20), bar("none", 0)] });
  assert.ok(Math.abs(two! / one! - 2) < 0.01, `${one}, ${two}`);
  assert.equal(none, 0);
});

test("a logarithmic bar grows by the same length with each power of ten, from 1", () => {
  const chart = { title: "", isLogarithmic: true, bars: [1, 10, 100, 1000].map((value) => bar("", value)) };
  const [one, ten, hundred, thousand] = widths(chart);
  assert.equal(one, 0);
  assert.ok(Math.abs(hundred! / ten! - 2) < 0.01 && Math.abs(thousand! / ten! - 3) < 0.01);
  assert.deepEqual(ticks(chart), ["1", "10", "100", "1,000"]);
});

test("ticks are round numbers, and at most eleven", () => {
  const upTo = (most: number) => ticks({ title: "", bars: [bar("", most)] });
  assert.deepEqual(upTo(30_000), ["0", "5,000", "10,000", "15,000", "20,000", "25,000", "30,000"]);
  assert.deepEqual(upTo(1.92), ["0", "0.5", "1", "1.5", "2"]);
  for (let most = 0.01; most < 1e7; most *= 1.3) assert.ok(upTo(most).length <= 11, `${most}`);
});

test("strokes beyond the bar lie within the picture", () => {
  const svg = barChart({ title: "", bars: [bar("a", 10, 5, 40)] });
  const [width] = numbers(svg, /<svg [^>]*width="([\d.]+)"/g);
  const strokes = numbers(svg, /M([\d.]+) [\d.]+v16/g);
  assert.equal(strokes.length, 2);
  assert.ok(strokes.every((x) => x < width!));
});

test("names and labels are escaped", () => {
  assert.match(barChart({ title: "a & b", bars: [{ ...bar("<c>", 1), label: "d" }] }), /a &amp; b.*&lt;c>/s);
});
