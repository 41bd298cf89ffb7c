/**
 * Writes what docs/performance.md has of results, and its pictures, from the JSON that `npm run bench -- --json` has left in
 * docs/performance. What people have written above that stays as it is.
 *
 *   node scripts/generate-performance.ts            writes the files
 *   node scripts/generate-performance.ts --check    fails if they are not what would be written
 */

import { readFileSync } from "node:fs";
import { draw } from "../bench/plots.ts";
import { headOf, sectionsOf } from "../bench/report.ts";
import type { Results } from "../bench/results.ts";
import { writeOrCheck } from "./generated-file.ts";

const PAGE = "docs/performance.md";
const FOLDER = "docs/performance";
const MARK = "<!-- Generated from here on, by scripts/generate-performance.ts. Do not edit. -->";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const results = JSON.parse(read(`${FOLDER}/results.json`)) as Results;
const pictures = await draw(results);

const sections = sectionsOf(results).map(({ name, text }) => {
  const own = pictures.filter(({ plot }) => plot.scenario === name);
  const links = own.map(({ plot }) => `![${plot.title}](performance/${plot.name}.svg)`);
  return [`### ${name}`, text, ...links].join("\n\n");
});

const [written] = read(PAGE).split(MARK);
const text = [`${written}${MARK}`, headOf(results), ...sections].join("\n\n");

writeOrCheck(PAGE, `${text}\n`, `${sections.length} scenarios`);
for (const { plot, svg } of pictures) writeOrCheck(`${FOLDER}/${plot.name}.svg`, `${svg}\n`, "a picture");
