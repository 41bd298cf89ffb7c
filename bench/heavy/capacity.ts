/**
 * Measures the jobs a second that the threads of a Piscina do when each gets its next job as soon as it is free: the 100 %
 * of the loads. main.ts runs it in a process of its own:
 *
 *   BENCH_WORKLOAD=image BENCH_THREADS=2 node bench/heavy/capacity.ts 10
 */

import { Piscina } from "piscina";
import { now } from "../clock.ts";
import { inputIn, THREADS } from "./bots/settings.ts";

/** Seconds before the measurement, and of it. */
const WARM_UP = 3;
const seconds = Number(process.argv[2]);

const pool = new Piscina({
  filename: new URL("./bots/piscina-worker.ts", import.meta.url).href,
  minThreads: THREADS,
  maxThreads: THREADS,
});
let number = 0;

await jobsIn(WARM_UP);
const begun = now();
const jobs = await jobsIn(seconds);
// The engine of the chess workload writes a line of its own.
console.log(`\n${jobs / ((now() - begun) / 1000)}`);
await pool.close();

async function jobsIn(seconds: number): Promise<number> {
  const end = now() + seconds * 1000;
  let done = 0;
  const client = async () => {
    for (; now() < end; done++) await pool.run(inputIn(`${number++} heavy`));
  };
  await Promise.all(Array.from({ length: THREADS }, client));
  return done;
}
