/** The settings of the bots, from the environment. */

import { inputsOf, moduleOf, type Workload } from "../work.ts";

export const apiUrl = process.env.BENCH_API_URL!;
export const token = process.env.BENCH_TOKEN!;

const workload = process.env.BENCH_WORKLOAD as Workload;
export const WORK = moduleOf(workload);

/** Threads for heavy work. */
export const THREADS = Number(process.env.BENCH_THREADS);

const inputs = inputsOf(workload);

/** The input of a heavy message; undefined for a light one. */
export function inputIn(text: string): unknown {
  return text.endsWith(" heavy") ? inputs(Number.parseInt(text, 10)) : undefined;
}
