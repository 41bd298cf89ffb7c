/**
 * Writes the tables and marks at the end of docs/cpu-heavy.md from the JSON of the bench. The text above them stays as it
 * is. It is run by hand, after a bench:
 *
 *   npm run bench:heavy
 *   node scripts/generate-cpu-heavy.ts heavy.json
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HeavyResults } from "../bench/heavy/cells.ts";
import { report } from "../bench/heavy/report.ts";

const PAGE = fileURLToPath(new URL("../docs/cpu-heavy.md", import.meta.url));
const MARK = "<!-- Generated from here on, by scripts/generate-cpu-heavy.ts. Do not edit. -->";

const results = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as HeavyResults;
const [written] = readFileSync(PAGE, "utf8").split(MARK);

writeFileSync(PAGE, `${[`${written}${MARK}`, report(results)].join("\n\n")}\n`);
console.log(`${PAGE}: ${results.workloads.length} workloads`);
