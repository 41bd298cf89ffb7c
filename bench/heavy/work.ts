/** The heavy work of a bot: each file of workloads/ has it as its default export. */

import { readFileSync } from "node:fs";
import { Random } from "../../test/faults/random.ts";
import { MODEL_INPUT, PHOTO } from "./generated.ts";

export const WORKLOADS = ["image", "model", "chess"] as const;

export type Workload = (typeof WORKLOADS)[number];

/** The answer is a text or a picture. */
export type Work = (input: unknown) => Promise<string | Uint8Array<ArrayBuffer>>;

export interface WorkModule {
  default: Work;
}

export function moduleOf(workload: Workload): URL {
  return new URL(`./workloads/${workload}.ts`, import.meta.url);
}

/** Middle games, which take about the same time. */
const POSITIONS = [
  "r1bqk2r/pppp1ppp/2n2n2/2b1p3/2B1P3/2NP1N2/PPP2PPP/R1BQK2R b KQkq - 0 5",
  "r2q1rk1/ppp2ppp/2npbn2/2b1p3/4P3/2PP1N2/PP1NBPPP/R1BQ1RK1 w - - 0 9",
  "rnbqkb1r/1p2pppp/p2p1n2/8/3NP3/2N5/PPP2PPP/R1BQKB1R w KQkq - 0 6",
  "r1bq1rk1/pp2bppp/2n1pn2/3p4/2PP4/2N2N2/PP2BPPP/R1BQ1RK1 w - - 0 9",
];

/** Makes the input of each job, as the message would bring it. */
export function inputsOf(workload: Workload): (number: number) => unknown {
  if (workload === "chess") return (number) => POSITIONS[number % POSITIONS.length];
  if (workload === "model") return modelInput;
  const photo = readFileSync(PHOTO);
  return () => photo;
}

function modelInput(number: number): Float32Array {
  const random = new Random(number);
  return Float32Array.from({ length: MODEL_INPUT }, () => random.next() - 0.5);
}
