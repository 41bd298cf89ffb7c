/**
 * The servers under test. Each runs the same bot (bots/) with its heavy work in another place. asgigram runs with its
 * default flags: one worker per core, the inbox on.
 */

import { join } from "node:path";
import type { Peer } from "../peers.ts";

const BOTS = join(import.meta.dirname, "bots");
const ASGIGRAM = join(import.meta.dirname, "../../dist/src/cli/bin.js");

function asgigram(name: string, packages = ["asgigram"]): Peer {
  const command: Peer["command"] = ({ apiUrl, folder }) => [
    ASGIGRAM,
    join(BOTS, `${name}.ts`),
    `--api-url=${apiUrl}`,
    `--inbox=${join(folder, "inbox.sqlite")}`,
  ];
  return { name, packages, command };
}

function grammy(name: string, packages: readonly string[]): Peer {
  return { name, packages, command: () => [join(BOTS, `${name}.ts`)] };
}

export const INLINE = asgigram("asgigram");
export const OFFLOAD = asgigram("asgigram-offload");
/** The bot of `START`, unchanged but for offload(). */
export const PROGRAM = asgigram("asgigram-grammy", ["asgigram", "grammy"]);
export const START = grammy("grammy", ["grammy"]);
export const RUNNER = grammy("grammy-runner", ["grammy", "@grammyjs/runner"]);
/** The peer to beat. */
export const PISCINA = grammy("grammy-runner-piscina", ["grammy", "@grammyjs/runner", "piscina"]);

export const PEERS: readonly Peer[] = [INLINE, OFFLOAD, PROGRAM, START, RUNNER, PISCINA];
