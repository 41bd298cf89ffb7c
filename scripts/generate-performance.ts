/**
 * Writes the results in docs/performance.md and the plots in docs/performance from a bench's JSON. The text above the
 * results stays as it is. It is run by hand, after a bench:
 *
 *   npm run bench -- --json results.json
 *   node scripts/generate-performance.ts results.json
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { draw } from "../bench/plots.ts";
import { headOf, sectionsOf } from "../bench/report.ts";
import type { Results } from "../bench/results.ts";

const DOCS = fileURLToPath(new URL("../docs", import.meta.url));
const PAGE = `${DOCS}/performance.md`;
const MARK = "<!-- Generated from here on, by scripts/generate-performance.ts. Do not edit. -->";

const results = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Results;
const pictures = draw(results);

const sections = sectionsOf(results).map(({ name, text }) => {
  const own = pictures.filter(({ plot }) => plot.scenario === name);
  const links = own.map(({ plot }) => `![${plot.title}](performance/${plot.name}.svg)`);
  return [`### ${name}`, text, ...links].join("\n\n");
});

const [written] = readFileSync(PAGE, "utf8").split(MARK);
const text = [`${written}${MARK}`, headOf(results), ...sections].join("\n\n");

writeFileSync(PAGE, `${text}\n`);
for (const { plot, svg } of pictures) writeFileSync(`${DOCS}/performance/${plot.name}.svg`, `${svg}\n`);
console.log(`${PAGE}: ${sections.length} scenarios, ${pictures.length} plots`);
