/**
 * Draws docs/dashboard.png: the dashboard's panels over a real run of a minute and a half. It needs a Chromium.
 *
 *   node scripts/dashboard/picture.ts [/usr/bin/chromium]
 */

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { PANELS, type Panel } from "./panels.ts";
import { run } from "./run.ts";
import { pointsOf, type Scrape } from "./series.ts";

/** Seconds. */
const [DURATION, INTERVAL] = [90, 0.5];
/** Scrapes: a rate is that of the last five seconds. */
const WINDOW = 10;

const FORMATS = { short: "~s", cps: ",.3~r", s: ",.3~r", bytes: ".2~s", percentunit: ".0%" };
const UNITS = { short: "", cps: "per second", s: "seconds", bytes: "bytes", percentunit: "" };
const COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#c8c8c8"];

function specOf({ title, unit, queries }: Panel, scrapes: readonly Scrape[]): TopLevelSpec {
  const values = queries.flatMap((query) => pointsOf(query, scrapes, WINDOW));
  const isSeen = new Set(values.filter(({ value }) => value > 0).map(({ line }) => line));
  const legend = { title: null, orient: "bottom" as const, columns: 2, symbolType: "stroke" as const, labelLimit: 150 };
  const x = { field: "at", type: "quantitative" as const, title: null };
  const y = { field: "value", type: "quantitative" as const, title: null };
  return {
    title: { text: title, subtitle: UNITS[unit], anchor: "start" },
    width: 340,
    height: 200,
    autosize: { type: "fit", contains: "padding" },
    background: "transparent",
    data: { values: values.filter(({ line }) => isSeen.has(line)) },
    mark: { type: "line", strokeWidth: 1.4, interpolate: "monotone" },
    encoding: {
      x: { ...x, axis: { tickCount: 5, labelExpr: "datum.value + ' s'", grid: false } },
      y: { ...y, scale: { domainMin: 0 }, axis: { format: FORMATS[unit], tickCount: 4 } },
      color: { field: "line", type: "nominal", sort: null, scale: { range: COLOURS }, legend },
    },
    config: {
      font: "system-ui, sans-serif",
      view: { stroke: null },
      title: { color: "#d8d9da", fontSize: 13, subtitleColor: "#8e8e8e", subtitleFontSize: 11 },
      axis: { labelColor: "#9fa7b3", domainColor: "#444", tickColor: "#444", gridColor: "#2c3235" },
      legend: { labelColor: "#c7d0d9", labelFontSize: 11, symbolStrokeWidth: 3 },
    },
  };
}

async function svgOf(panel: Panel, scrapes: readonly Scrape[]): Promise<string> {
  return await new View(parse(compile(specOf(panel, scrapes)).spec)).toSVG();
}

const STYLE = `
  body { margin: 0; padding: 8px; background: #111217; display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px; }
  figure { margin: 0; padding: 6px; background: #181b1f; border: 1px solid #24272c; border-radius: 3px; }
  svg { display: block; width: 100%; height: auto; }`;

const scrapes = await run(DURATION, INTERVAL);
const figures = await Promise.all(PANELS.map(async (panel) => `<figure>${await svgOf(panel, scrapes)}</figure>`));
const browser = await chromium.launch({
  executablePath: process.argv[2] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1320, height: 900 } });
await page.setContent(`<style>${STYLE}</style>${figures.join("")}`);
const path = fileURLToPath(new URL("../../docs/dashboard.png", import.meta.url));
await page.screenshot({ path, fullPage: true });
await browser.close();
console.log(`docs/dashboard.png: ${scrapes.length} scrapes`);
