/** The goals of offload(), beside grammY's runner with Piscina, and their check. */

import { type Cell, type Figures, figuresOf, type HeavyResults } from "./cells.ts";
import { OFFLOAD, PISCINA } from "./peers.ts";
import type { Workload } from "./work.ts";

export interface Judgement {
  /** The mark and its values, in one line. */
  readonly text: string;
  readonly isMet: boolean;
}

/** Both servers under the same work. */
interface Pair {
  readonly workload: Workload;
  readonly load: number;
  readonly own: Figures;
  readonly peer: Figures;
}

interface Mark {
  readonly what: string;
  /** Without it, the mark holds in every cell. */
  readonly where?: (pair: Pair) => boolean;
  value(figures: Figures): number;
  readonly atMost?: (peer: number) => number;
  readonly atLeast?: (peer: number) => number;
}

const MARKS: readonly Mark[] = [
  { what: "light p50, at most the peer's + 0.7 ms", value: ({ light }) => light.p50, atMost: (peer) => peer + 0.7 },
  {
    what: "light p99, at most 1.1 x the peer's + 2 ms",
    value: ({ light }) => light.p99,
    atMost: (peer) => 1.1 * peer + 2,
  },
  {
    what: "heavy jobs a second, at least 0.97 x the peer's",
    value: ({ heavyPerSecond }) => heavyPerSecond,
    atLeast: (peer) => 0.97 * peer,
  },
  {
    what: "heavy p99, at most 1.1 x the peer's",
    where: ({ load }) => load === 80,
    value: ({ heavy }) => heavy.p99,
    atMost: (peer) => 1.1 * peer,
  },
  {
    what: "poll gap p99, at most 1.5 x the peer's + 5 ms",
    where: ({ workload, load }) => workload === "image" && load === 150,
    value: ({ pollGaps }) => pollGaps.p99,
    atMost: (peer) => 1.5 * peer + 5,
  },
  {
    what: "longest poll gap, at most 1.5 x the peer's + 5 ms",
    where: ({ workload, load }) => workload === "image" && load === 150,
    value: ({ pollGaps }) => pollGaps.max,
    atMost: (peer) => 1.5 * peer + 5,
  },
];

/** Cells in which the light p99 has to be no worse than the peer's. */
const BETTER_CELLS = 3;

/** Those of a small machine. */
const SMALL_MARKS: readonly Mark[] = [
  { what: "light p99, at most the peer's + 2 ms", value: ({ light }) => light.p99, atMost: (peer) => peer + 2 },
  { what: "peak memory, at most the peer's + 80 MB", value: ({ peak }) => peak / 1e6, atMost: (peer) => peer + 80 },
];

export function judge({ workloads, isSmall = false }: Pick<HeavyResults, "workloads" | "isSmall">): Judgement[] {
  const pairs = workloads.flatMap(({ name, cells }) => pairsIn(name, cells));
  if (pairs.length === 0) return [];
  const marks = isSmall ? SMALL_MARKS : MARKS;
  return [
    ...marks.flatMap((mark) => pairs.filter(mark.where ?? (() => true)).map((pair) => judged(mark, pair))),
    ...(isSmall ? [] : [betterCells(pairs)]),
    ...pairs.map(({ workload, load, own }) => ({
      text: `${workload}, ${load} %: nothing lost, repeated or out of order: ${own.faults.join("; ") || "nothing"}`,
      isMet: own.faults.length === 0,
    })),
  ];
}

function betterCells(pairs: readonly Pair[]): Judgement {
  const better = pairs.filter(({ own, peer }) => own.light.p99 <= peer.light.p99).length;
  return {
    text: `light p99, at most the peer's in ${BETTER_CELLS} cells: in ${better} of ${pairs.length}`,
    isMet: better >= BETTER_CELLS,
  };
}

function judged({ what, value, atMost, atLeast }: Mark, { workload, load, own, peer }: Pair): Judgement {
  const [mine, theirs] = [value(own), value(peer)];
  const isMet = (atMost === undefined || mine <= atMost(theirs)) && (atLeast === undefined || mine >= atLeast(theirs));
  return { text: `${workload}, ${load} %: ${what}: ${mine.toFixed(1)}, the peer's is ${theirs.toFixed(1)}`, isMet };
}

function pairsIn(workload: Workload, cells: readonly Cell[]): Pair[] {
  return [...new Set(cells.map(({ load }) => load))].flatMap((load) => {
    const find = (name: string) => cells.find((cell) => cell.load === load && cell.peer === name);
    const [own, peer] = [find(OFFLOAD.name), find(PISCINA.name)];
    if (own === undefined || peer === undefined) return [];
    return [{ workload, load, own: figuresOf(own.runs), peer: figuresOf(peer.runs) }];
  });
}
