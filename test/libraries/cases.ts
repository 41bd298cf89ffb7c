/** Cases of a library's own tests: collected while its test files are imported, then run one after another. */

import { setTimeout as delay } from "node:timers/promises";

/** A case that waits for what never comes is given up after this time: ms. */
const LIMIT = 120_000;

export type Body = (context: never) => unknown;

export interface Result {
  /** The file's name, the names of the groups, and that of the case. */
  readonly name: string;
  /** The error's message; undefined for a case that passed. */
  readonly error?: string;
}

interface Group {
  readonly name: string;
  readonly above: Group | undefined;
  readonly before: Body[];
  readonly after: Body[];
}

interface Case {
  readonly name: string;
  readonly group: Group;
  run(): unknown;
}

const groupIn = (above: Group | undefined, name: string): Group => ({ name, above, before: [], after: [] });

const cases: Case[] = [];
let group: Group = groupIn(undefined, "");

/** Collects the cases that `collect` names. */
export async function inFile(file: string, collect: () => Promise<unknown>): Promise<void> {
  group = groupIn(undefined, file);
  await collect();
}

export function describe(name: string, collect: () => void): void {
  const above = group;
  group = groupIn(above, name);
  collect();
  group = above;
}

export function addCase(name: string, run: () => unknown): void {
  cases.push({ name: `${namesOf(group).join(" > ")} > ${name}`, group, run });
}

export function beforeEach(body: Body): void {
  group.before.push(body);
}

export function afterEach(body: Body): void {
  group.after.push(body);
}

export async function runCases(): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, group, run } of cases) {
    const error = await failureOf(async () => {
      const groups = groupsOf(group);
      for (const body of groups.flatMap(({ before }) => before)) await body(undefined as never);
      try {
        await run();
      } finally {
        for (const body of groups.reverse().flatMap(({ after }) => after)) await body(undefined as never);
      }
    });
    results.push(error === undefined ? { name } : { name, error });
  }
  return results;
}

async function failureOf(run: () => Promise<void>): Promise<string | undefined> {
  const ended = new AbortController();
  const late = delay(LIMIT, `it took more than ${LIMIT / 1000} s`, { signal: ended.signal });
  try {
    return await Promise.race([run(), late]).then((message) => message ?? undefined);
  } catch (error) {
    return String((error as Error | undefined)?.message ?? error);
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}

/** From the outermost to this one. */
function groupsOf(group: Group): Group[] {
  return group.above === undefined ? [group] : [...groupsOf(group.above), group];
}

const namesOf = (group: Group): string[] => groupsOf(group).map(({ name }) => name);
