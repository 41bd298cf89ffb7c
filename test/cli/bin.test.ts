import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { type Exit, run } from "./asgigram.ts";

const BIN = new URL("../../src/cli/bin.ts", import.meta.url).href;

const TOO_OLD = ["14.21.3", "20.20.2", "22.18.0"];
const GOOD = ["22.19.0", "23.0.0", "26.10.0"];

/** Runs the executable for one version after another, in one process: a process for each would take its time. */
const TRIAL = `
  const [bin, ...all] = process.argv.splice(1, Infinity, "asgigram", "--version");
  const exits = [];
  let said;
  console.log = (line) => void (said.stdout += line + "\\n");
  console.error = (line) => void (said.stderr += line + "\\n");
  process.exit = (code) => void (said.code = code);
  for (const node of all) {
    Object.defineProperty(process, "versions", { value: { ...process.versions, node } });
    said = { stdout: "", stderr: "" };
    await import(bin + "?" + node);
    exits.push({ code: process.exitCode ?? null, ...said });
    process.exitCode = undefined;
  }
  process.stdout.write(JSON.stringify(exits));`;

const { stdout } = await promisify(execFile)(process.execPath, [
  ...["--input-type=module", "--eval", TRIAL],
  ...[BIN, ...TOO_OLD, ...GOOD],
]);
const exits: Exit[] = JSON.parse(stdout);

for (const [i, version] of TOO_OLD.entries()) {
  test(`Node.js ${version} is too old: one line with the remedy, exit code 2`, () => {
    assert.deepEqual(exits[i], {
      code: 2,
      stdout: "",
      stderr: `asgigram needs Node.js 22.19 or newer; this is v${version}. Install a newer one (https://nodejs.org), or put it first in PATH.\n`,
    });
  });
}

for (const [i, version] of GOOD.entries()) {
  test(`Node.js ${version} is new enough`, () => {
    const { code, stdout, stderr } = exits[TOO_OLD.length + i]!;
    assert.match(stdout, new RegExp(`^asgigram .*\nNode\\.js ${version}\n`));
    assert.equal(stderr, "");
    assert.equal(code, 0);
  });
}

test("the process ends with the exit code, and hides its arguments", async () => {
  const watch = 'process.on("exit", () => console.log(process.title))';
  const node = ["--import", `data:text/javascript,${encodeURIComponent(watch)}`];
  const { code, stdout, stderr } = await run(["--wrokers", "3"], { node });
  assert.match(stderr, /^asgigram: unknown option --wrokers/);
  assert.equal(stdout, "asgigram\n");
  assert.equal(code, 2);
});

test("the executable imports nothing before it knows the version", async () => {
  assert.doesNotMatch(await readFile(new URL(BIN), "utf8"), /^import /m);
});

test("the required version is that of package.json", async () => {
  const { engines } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  assert.equal(engines.node, ">=22.19");
});
