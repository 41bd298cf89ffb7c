/**
 * The test kit under vitest and Jest, with their fake timers. `npm run test:runners` installs the packages when they are missing. To change
 * its lockfile: npm install --ignore-scripts, there.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, test } from "node:test";
import { install } from "../../scripts/install.ts";

before(() => install(import.meta.dirname));

const RUNNERS = {
  vitest: ["node_modules/vitest/vitest.mjs", "run", "vitest.spec.js"],
  // Jest knows modules of ECMAScript by Node's own loader alone.
  Jest: [
    "--experimental-vm-modules",
    "node_modules/jest/bin/jest.js",
    "--rootDir",
    ".",
    "--testMatch",
    "**/jest.spec.js",
  ],
};

for (const [name, args] of Object.entries(RUNNERS)) {
  test(`the test kit works under the fake timers of ${name}`, async () => {
    const runner = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [runner.stdout, runner.stderr]) stream.on("data", (chunk) => (output += chunk));
    const [code] = await once(runner, "close");
    assert.equal(code, 0, output);
    assert.match(output, /1 passed/);
  });
}
