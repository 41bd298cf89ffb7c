/**
 * The time of a process by function, from the profiles of `node --cpu-prof`: one file for each thread.
 * https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "./report.ts";

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  /** Microseconds, by the same clock as clock.ts. */
  readonly startTime: number;
  /** The running node at each sample, and the microseconds since the previous sample. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface ThreadProfile {
  readonly thread: string;
  /** Self time in microseconds, the largest first, without idle time. */
  readonly functions: readonly Cost[];
  readonly groups: readonly Cost[];
  readonly total: number;
}

export interface Cost {
  readonly name: string;
  readonly microseconds: number;
}

/** Flags of `node` that write profiles. */
export function profilingFlags(folder: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}

/** A span of time: ms of clock.ts. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The threads of the ended process, the busiest first. */
export function readProfiles(folder: string, span: Span): ThreadProfile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  return files
    .map((name) => analyze(name, JSON.parse(readFileSync(join(folder, name), "utf8")), span))
    .sort((a, b) => b.total - a.total);
}

export function analyze(name: string, profile: CpuProfile, span: Span): ThreadProfile {
  const { nodes, samples, timeDeltas } = profile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const groups = new Map<string, number>();
  let total = 0;
  let now = profile.startTime;
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id)!;
    const time = timeDeltas[i]!;
    now += time;
    if (IDLE.test(frame.functionName) || now < span.from * 1000 || now > span.to * 1000) continue;
    total += time;
    add(functions, placeOf(frame), time);
    add(groups, groupOf(frame), time);
  }
  return { thread: threadOf(name), functions: largestFirst(functions), groups: largestFirst(groups), total };
}

/** Idle time. "(program)" counts as work: it is V8's and Node.js's own code, mostly system calls. */
const IDLE = /^\((?:idle|root)\)$/;

/** CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile */
function threadOf(name: string): string {
  const thread = name.split(".")[4];
  return thread === "0" ? "main thread" : `worker thread ${thread}`;
}

function placeOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName || "(anonymous)";
  return url === "" ? name : `${name} (${shorten(url)}:${lineNumber + 1})`;
}

function groupOf({ functionName, url }: CpuProfile["nodes"][number]["callFrame"]): string {
  const path = shorten(url);
  if (path === "") return functionName.startsWith("(") ? functionName : "built into V8";
  if (path.startsWith("node:")) return path.replace(/^(node:internal\/[^/]+|node:[^/]+).*/, "$1");
  return /^(?:src|workers)\/[^/]+/.exec(path)?.[0] ?? path.split("/")[0]!;
}

/** A path from the top of the repository or of the package. */
function shorten(url: string): string {
  return url
    .replace(/^.*\/node_modules\//, "")
    .replace(/^file:.*\/dist\/(?=src|workers)/, "")
    .replace(/^file:.*\/(?=bench\/)/, "");
}

function add(costs: Map<string, number>, name: string, time: number): void {
  costs.set(name, (costs.get(name) ?? 0) + time);
}

function largestFirst(costs: Map<string, number>): Cost[] {
  return [...costs]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .sort((a, b) => b.microseconds - a.microseconds);
}

/**
 * Times are wall-clock time: a function's time includes its wait for a core.
 * @param updates the divisor of the times
 */
export function profileReport(threads: readonly ThreadProfile[], updates: number): string {
  return threads
    .map(({ thread, total, groups, functions }) =>
      [
        `### ${thread}: ${(total / updates).toFixed(1)} us/update, of which`,
        costTable("by place", groups.slice(0, 12), total, updates),
        costTable("by function", functions.slice(0, 15), total, updates),
      ].join("\n\n"),
    )
    .join("\n\n");
}

function costTable(title: string, costs: readonly Cost[], total: number, updates: number): string {
  return table([
    [title, "us/update", "share"],
    ...costs.map(({ name, microseconds }) => [
      name,
      (microseconds / updates).toFixed(2),
      `${((microseconds / total) * 100).toFixed(1)} %`,
    ]),
  ]);
}
