/** `asgigram/simulator` alone: a process that has neither the server nor any package. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";

const SIMULATOR = join(import.meta.dirname, "../../simulator");
const STARTS = 50;
/** The promise of docs/simulator.md: ms. */
const LONGEST_START = 30;

const PROGRAM = `
import { Simulator } from "./simulator/index.ts";
const simulator = await Simulator.start();
const ann = await simulator.user("ann");
await ann.sendText("hello");
const call = await fetch(simulator.url + "/bot" + simulator.token + "/sendMessage?text=hi&chat_id=" + ann.id);
const { text } = await ann.nextMessage();
const before = process.cpuUsage();
const others = [];
while (others.length < ${STARTS}) others.push(await Simulator.start());
const { user, system } = process.cpuUsage(before);
for (const other of [simulator, ...others]) await other.close();
const hasTerminal = process.moduleLoadList.includes("NativeModule readline");
console.log(JSON.stringify({ status: call.status, text, hasTerminal, start: (user + system) / 1000 / ${STARTS} }));
`;

test("the export runs without the server and without packages, starts in under 30 ms, and loads no terminal", async () => {
  using folder = new Folder();
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("program.ts", PROGRAM);
  cpSync(SIMULATOR, folder.join("simulator"), { recursive: true });
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { cwd: folder.path, env: { ...env, NODE_COMPILE_CACHE: COMPILED } };
  const { stdout } = await promisify(execFile)(process.execPath, ["program.ts"], options);
  const { start, ...seen } = JSON.parse(stdout);
  assert.deepEqual(seen, { status: 200, text: "hi", hasTerminal: false });
  assert.ok(start < LONGEST_START, `a start takes ${start} ms of processor time`);
});
