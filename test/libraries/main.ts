/**
 * Runs the tests that bot libraries have for themselves, with the installed packages, by Node.js alone and under asgigram, and compares
 * the results of each case. Packages do not ship their tests: they are cloned from GitHub, at the tag of the installed version.
 *
 *   npm run test:libraries
 *   npm run test:libraries -- --from ../grammY --from ../telegraf    with clones that you have
 */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { setInterval } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Simulator } from "../../simulator/index.ts";
import { UPDATE_KINDS } from "../../src/protocol/route.ts";
import { startChild } from "../child.ts";
import { Bot } from "../end-to-end/bot.ts";
import { Folder } from "../folder.ts";
import type { Result } from "./cases.ts";
import { LIBRARIES, type Suite } from "./suites.ts";

interface Outcome {
  readonly results: readonly Result[];
  readonly delivered: number;
  readonly direct: number;
}

const PROGRAM = join(import.meta.dirname, "program.ts");
const load = createRequire(import.meta.url);

const { values } = parseArgs({ options: { from: { type: "string", multiple: true } } });
if (values.from === undefined) {
  using folder = new Folder();
  for (const suite of Object.values(LIBRARIES)) await compare(clone(suite, folder));
} else {
  for (const folder of values.from) await compare(resolve(folder));
}

function clone({ package: name, repository }: Suite, folder: Folder): string {
  const target = folder.join(name);
  const options = ["--quiet", "--depth", "1", "-c", "advice.detachedHead=false", "--branch", `v${installed(name)}`];
  execFileSync("git", ["clone", ...options, repository, target], { stdio: "inherit" });
  return target;
}

async function compare(checkout: string): Promise<void> {
  const { name, version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  const [library, suite] = Object.entries(LIBRARIES).find(([, one]) => one.package === name) ?? [];
  if (library === undefined || suite === undefined)
    throw new Error(`${checkout} has no tests of ${Object.keys(LIBRARIES)}`);
  using folder = new Folder();
  const environment = (results: string) => ({ LIBRARY: library, CHECKOUT: checkout, RESULTS: folder.join(results) });
  const [alone, served] = await Promise.all([
    runAlone(environment("alone.json")),
    runServed(environment("served.json"), UPDATE_KINDS),
  ]);
  console.log(`${library} ${installed(name)}, its tests of ${version}: ${alone.results.length} cases`);
  console.log(`  alone: ${passed(alone)} pass; under asgigram: ${passed(served)} pass`);
  console.log(`  ${served.delivered} updates went through the server, ${served.direct} that are no updates did not`);
  const unexpected = differences(alone, served, suite);
  if (unexpected > 0) process.exitCode = 1;
}

/** Prints the cases that end in another way. @returns the number of those that are not expected */
function differences(alone: Outcome, served: Outcome, suite: Suite): number {
  let unexpected = 0;
  const others = new Map(served.results.map((result) => [result.name, result]));
  for (const { name, error } of alone.results) {
    const other = others.get(name);
    const reason = suite.differences[name];
    if (error !== undefined) console.log(`  fails alone: ${name}: ${error}`);
    if (other !== undefined && (error === undefined) === (other.error === undefined)) {
      if (reason !== undefined) console.log(`  is no difference any more: ${name}`);
      unexpected += Number(reason !== undefined);
      continue;
    }
    console.log(`  differs: ${name}: ${other === undefined ? "it did not run" : (other.error ?? "it passes")}`);
    console.log(`    ${reason ?? "NOT EXPECTED"}`);
    unexpected += Number(reason === undefined);
  }
  return unexpected;
}

function passed({ results }: Outcome): number {
  return results.filter(({ error }) => error === undefined).length;
}

type Environment = Record<"LIBRARY" | "CHECKOUT" | "RESULTS", string>;

async function runAlone(environment: Environment): Promise<Outcome> {
  const child = startChild(process.execPath, [PROGRAM], { env: { ...process.env, ...environment } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the tests end with ${code}:\n${output}`);
  return outcomeIn(environment);
}

async function runServed(environment: Environment, kinds: readonly string[]): Promise<Outcome> {
  await using simulator = await Simulator.start();
  const args = ["--no-inbox", "--allowed-updates", kinds.join(",")];
  const env = { ...environment, SIMULATOR: simulator.url, BOT_TOKEN: simulator.token, ASGIGRAM_TOKEN: "" };
  await using bot = new Bot(PROGRAM, simulator, args, { env });
  const exit = bot.process.exit().then(({ stderr }) => Promise.reject(new Error(`asgigram ended:\n${stderr}`)));
  await Promise.race([exit, isWritten(environment.RESULTS)]);
  exit.catch(() => {});
  return outcomeIn(environment);
}

async function isWritten(path: string): Promise<void> {
  for await (const _ of setInterval(200)) if (existsSync(path)) return;
}

function outcomeIn({ RESULTS }: Environment): Outcome {
  return JSON.parse(readFileSync(RESULTS, "utf8"));
}

function installed(name: string): string {
  let folder = load.resolve(name);
  for (;;) {
    folder = join(folder, "..");
    try {
      const { name: found, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (found === name) return version;
    } catch {
      // No package: one of its folders.
    }
  }
}
