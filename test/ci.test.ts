/** .ci/run, with an npm that does nothing but end as told. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { delimiter } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Folder } from "./folder.ts";

const RUN = fileURLToPath(new URL("../.ci/run", import.meta.url));
const options = { skip: process.platform !== "linux" && ".ci/run is for Linux" };

/** @param cases lines of a shell's `case` over the arguments of npm @returns the exit code, and what each step came to */
function runWith(cases: string) {
  using folder = new Folder();
  chmodSync(folder.write("npm", `#!/bin/sh\ncase "$*" in\n${cases}\nesac\n`), 0o755);
  const env = { ...process.env, PATH: `${folder.path}${delimiter}${process.env.PATH}` };
  const { status, stdout } = spawnSync("bash", [RUN], { env, encoding: "utf8" });
  return { status, summary: stdout.slice(stdout.lastIndexOf("\n\n")).trim().split("\n") };
}

test("exit code 69 of the image's step says that it did not run", options, () => {
  const { status, summary } = runWith(`"run test:image") echo "no container engine: none"; exit 69 ;;`);
  assert.equal(status, 0);
  assert.match(summary.at(-1)!, /^image: NOT RUN: no container engine: none, \d+ s$/);
});

test("exit code 69 of another step is a failure", options, () => {
  const { status, summary } = runWith(`"run check") exit 69 ;;`);
  assert.equal(status, 1);
  assert.match(summary[1]!, /^check: FAILED with exit code 69, \d+ s$/);
  assert.match(summary.at(-1)!, /^image: passed/);
});

test("the steps after a failed install are listed as not run", options, () => {
  const { status, summary } = runWith("ci) exit 1 ;;");
  assert.equal(status, 1);
  assert.match(summary[0]!, /^install: FAILED with exit code 1/);
  assert.ok(summary.length > 10);
  for (const line of summary.slice(1)) assert.match(line, /^[\w-]+: NOT RUN: the install failed$/);
});
