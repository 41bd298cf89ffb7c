/**
 * Who is measured. Each is a process of its own, of the same Node.js, with the same bot (peers/bot.ts), and set up as its
 * documentation recommends for production; the head of each file says what was chosen.
 */

import { join } from "node:path";

export interface Peer {
  readonly name: string;
  /** The packages whose versions matter. */
  readonly packages: readonly string[];
  /** Handles one update after another, so that its rate under latency needs no long run to be known. */
  readonly isSequential?: boolean;
  /** Arguments of `node`. */
  command(place: Place): readonly string[];
}

export interface Place {
  readonly apiUrl: string;
  /** For what the server keeps. */
  readonly folder: string;
  /** Of those who have any. */
  readonly workers: number;
}

interface Variant {
  name?: string;
  flags?: readonly string[];
  nodeFlags?: readonly string[];
}

const TOP = join(import.meta.dirname, "..");

/** The built command line, as by default: one worker per core, unless the bench is asked for another number. */
export function asgigram({ name = "asgigram", flags = [], nodeFlags = [] }: Variant = {}): Peer {
  return {
    name,
    packages: ["asgigram"],
    command: ({ apiUrl, folder, workers }) => [
      ...nodeFlags,
      join(TOP, "dist/src/cli/bin.js"),
      join(TOP, "bench/peers/asgigram.ts:application"),
      `--api-url=${apiUrl}`,
      `--workers=${workers}`,
      `--inbox=${join(folder, "inbox.sqlite")}`,
      ...flags,
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
  // The limit that the others are compared with.
  library("bare", ["undici"]),
  library("grammy", ["grammy"], { isSequential: true }),
  library("grammy-runner", ["grammy", "@grammyjs/runner"]),
  library("grammy-distribute", ["grammy", "@grammyjs/runner"]),
  library("telegraf", ["telegraf"]),
  library("node-telegram-bot-api", ["node-telegram-bot-api"], { isSequential: true }),
];
