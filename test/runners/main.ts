/**
 * The test kit under vitest and Jest, with their fake timers. `npm run test:runners` installs the packages when they are missing. To change
 * its lockfile: npm install --ignore-scripts, there.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { install } from "../../scripts/install.ts";
import { readRecording, Simulator, testFrom } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const VITEST = join(import.meta.dirname, "node_modules/vitest");

before(() => install(import.meta.dirname));

const RUNNERS = {
  vitest: [join(VITEST, "vitest.mjs"), "run", "vitest.spec.js"],
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
  test(`the test kit works under the fake timers of ${name}`, () => passes(import.meta.dirname, args));
}

test("a recording becomes a test that vitest runs", async () => {
  using folder = new Folder();
  const packages = { asgigram: ROOT, grammy: join(ROOT, "node_modules/grammy"), vitest: VITEST };
  mkdirSync(folder.join("node_modules"));
  for (const [name, path] of Object.entries(packages)) symlinkSync(path, folder.join(`node_modules/${name}`));
  folder.write("package.json", `{ "type": "module" }`);
  folder.write(
    "bot.js",
    `import { Bot } from "grammy";
    export function botFor({ token, url }) {
      const bot = new Bot(token, { client: { apiRoot: url } });
      bot.on("message", (ctx) => ctx.reply(\`Hello, \${ctx.from.first_name}!\`));
      return bot;
    }`,
  );
  const { botFor } = await import(pathToFileURL(folder.join("bot.js")).href);
  {
    await using simulator = await Simulator.start({ record: folder.join("run.json") });
    await simulator.run(botFor(simulator));
    const ann = await simulator.user("Ann");
    await ann.sendText("hello");
    await ann.receives("Hello, Ann!");
  }
  const imports = ['import { botFor } from "./bot.js";'];
  const options = { runner: "vitest", imports, bot: "botFor(simulator)" } as const;
  folder.write("recorded.spec.js", testFrom(await readRecording(folder.join("run.json")), options));
  await passes(folder.path, [join(VITEST, "vitest.mjs"), "run", "recorded.spec.js"]);
});

/** Runs one test by another runner. */
async function passes(cwd: string, args: readonly string[]): Promise<void> {
  const runner = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [runner.stdout, runner.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [code] = await once(runner, "close");
  assert.equal(code, 0, output);
  assert.match(output, /1 passed/);
}
