/**
 * npm run test:chaos -- --minutes 10 --seed 42
 *
 * Without a seed it takes a random one, and prints it. Exit code 0: every promise was kept; 1: some were broken.
 */

import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, seed: { type: "string" }, verbose: { type: "boolean", short: "v" } },
});
const minutes = Number(values.minutes ?? 1);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run test:chaos -- --minutes N --seed S [--verbose]");
  process.exit(2);
}

console.log(`${minutes} minutes of chaos, seed ${seed}`);
const { faults, summary, folder } = await chaos({ minutes, seed, ...(values.verbose && { tell: console.log }) });
const width = Math.max(...Object.keys(summary).map(({ length }) => length));
for (const [what, count] of Object.entries(summary)) console.log(`${what.padEnd(width)}  ${count}`);
if (faults.length === 0) {
  console.log("Every promise was kept.");
} else {
  console.log(`\n${faults.length} broken promises:`);
  for (const fault of faults) console.log(`  ${fault}`);
  console.log(`The inbox and the log are in ${folder}; the seed was ${seed}.`);
  process.exitCode = 1;
}
