/**
 * The servers under test. Each runs the same bot (peers/bot.ts) in its own process of the same Node.js, set up as its
 * documentation recommends for production; the head of each file says how.
 */

import { join } from "node:path";

export interface Peer {
  readonly name: string;
  /** The packages whose versions are reported. */
  readonly packages: readonly string[];
  /** It handles one update after another, so a short run is enough to measure it under latency. */
  readonly isSequential?: boolean;
  /** Arguments of `node`. */
  command(place: Place): readonly string[];
}

export interface Place {
  readonly apiUrl: string;
  /** For the server's files. */
  readonly folder: string;
  /** Worker threads, for servers that have them. */
  readonly workers: number;
}

interface Variant {
  name?: string;
  /** The file of the bot. */
  bot?: string;
  flags?: readonly string[];
  nodeFlags?: readonly string[];
}

const TOP = join(import.meta.dirname, "..");

/** The built command line with its defaults: one worker per core, unless the bench has `--workers`. */
export function asgigram({ name = "asgigram", bot = "asgigram", flags = [], nodeFlags = [] }: Variant = {}): Peer {
  return {
    name,
    packages: ["asgigram"],
    command: ({ apiUrl, folder, workers }) => [
      ...nodeFlags,
      join(TOP, "dist/src/cli/bin.js"),
      join(TOP, `bench/peers/${bot}.ts:application`),
      `--api-url=${apiUrl}`,
      `--workers=${workers}`,
      `--inbox=${join(folder, "inbox.sqlite")}`,
      ...flags,
    ],
  };
}

/** The file of a library's bot, as it stands, under the built command line with its defaults: one worker. */
function program(name: string, library = name): Peer {
  return {
    name: `asgigram-${name}`,
    packages: ["asgigram", library],
    command: ({ apiUrl, folder }) => [
      join(TOP, "dist/src/cli/bin.js"),
      join(TOP, "bench/peers", `${name}.ts`),
      `--api-url=${apiUrl}`,
      `--inbox=${join(folder, "inbox.sqlite")}`,
    ],
  };
}

export function isOurs({ packages }: Peer): boolean {
  return packages.includes("asgigram");
}

function library(name: string, packages: readonly string[], rest: Partial<Peer> = {}): Peer {
  return { name, packages, command: () => [join(TOP, "bench/peers", `${name}.ts`)], ...rest };
}

export const PEERS: readonly Peer[] = [
  asgigram(),
  // The limit for the others.
  library("bare", ["undici"]),
  library("grammy", ["grammy"], { isSequential: true }),
  library("grammy-runner", ["grammy", "@grammyjs/runner"]),
  library("grammy-distribute", ["grammy", "@grammyjs/runner"]),
  library("telegraf", ["telegraf"]),
  library("node-telegram-bot-api", ["node-telegram-bot-api"], { isSequential: true }),
];

/** Bots by themselves, and the same files under asgigram. */
export const PROGRAMS: readonly Peer[] = [
  library("grammy", ["grammy"], { isSequential: true }),
  library("telegraf", ["telegraf"]),
  program("grammy"),
  program("grammy-fetch", "grammy"),
  program("telegraf"),
];
