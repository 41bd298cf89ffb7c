/**
 * npm run test:chaos -- --minutes 10 --seed 42 --seed 43
 *
 * So many minutes for each seed, one after another. Without a seed it takes a random one, and prints it. Exit code 0: every promise was
 * kept; 1: some were broken.
 */

import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    seed: { type: "string", multiple: true },
    verbose: { type: "boolean", short: "v" },
  },
});
const minutes = Number(values.minutes ?? 1);
const seeds = values.seed?.map(Number) ?? [Math.floor(Math.random() * 2 ** 32)];
if (!(minutes > 0) || !seeds.every(Number.isSafeInteger)) {
  console.error("usage: npm run test:chaos -- --minutes N --seed S [--seed T …] [--verbose]");
  process.exit(2);
}

for (const seed of seeds) {
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
}
