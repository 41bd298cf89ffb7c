import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { RollingRestart } from "../../src/threads/rolling-restart.ts";
import { Harness } from "./harness.ts";

/** A folder with these files. */
function project(t: TestContext, files: { [name: string]: string }): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "asgigram imports-")));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ "package.json": '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const LOOP = `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    const { text } = await import("./later.ts");
    await send({ type: "telegram.send_message", text });
  }
};`;

/** Records the imports that workers report from now on. @returns gives their names, relative to a folder */
function imports(t: TestContext): (folder: string) => string[] {
  const { mock } = t.mock.method(RollingRestart.prototype, "imported");
  return (folder) => mock.calls.map(({ arguments: [file] }) => file.slice(folder.length + 1));
}

async function load(t: TestContext, files: { [name: string]: string }, watch = true) {
  const directory = project(t, files);
  const reported = imports(t);
  const worker = await Harness.start("bot.ts", { directory, watch });
  t.after(() => worker[Symbol.asyncDispose]());
  return { worker, names: () => reported(directory) };
}

test("every file is reported once: imported, required, nested, and later", async (t) => {
  const { worker, names } = await load(t, {
    "bot.ts": `import "./esm/one.ts"; import "./esm/two.js"; import old from "./old.cjs"; import data from "./data.json" with { type: "json" };\n${LOOP}`,
    "esm/one.ts": 'import "../shared.ts"; import "./two.js";',
    "esm/two.js": 'import "../shared.ts";',
    "shared.ts": "export const shared = 1;",
    "old.cjs": 'require("./cjs/plain"); module.exports = require("./cjs/data.json");',
    "cjs/plain.cjs": "",
    "cjs/plain.js": "",
    "cjs/package.json": '{ "type": "commonjs" }',
    "cjs/data.json": "{}",
    "data.json": "{}",
    "later.ts": 'import "./later/still.ts"; export const text = "hi";',
    "later/still.ts": "",
  });
  const atOnce = [
    "bot.ts",
    "esm/one.ts",
    "esm/two.js",
    "shared.ts",
    "old.cjs",
    "cjs/plain.js",
    "cjs/data.json",
    "data.json",
  ];
  assert.deepEqual(names().toSorted(), atOnce.toSorted());
  worker.deliver("x");
  await worker.settled();
  worker.deliver("y");
  await worker.settled();
  assert.deepEqual(names().slice(atOnce.length), ["later.ts", "later/still.ts"]);
});

test("installed packages are not reported", async (t) => {
  const { names } = await load(t, {
    "bot.ts": `import "thing"; import { join } from "node:path";\n${LOOP}`,
    "node_modules/thing/index.js": 'import "./more.js";',
    "node_modules/thing/more.js": "",
    "node_modules/thing/package.json": '{ "name": "thing", "type": "module", "main": "index.js" }',
    "later.ts": "",
  });
  assert.deepEqual(names(), ["bot.ts"]);
});

test("without watch no file is reported", async (t) => {
  const { names } = await load(t, { "bot.ts": LOOP }, false);
  assert.deepEqual(names(), []);
});

/** Starts an application that fails. @returns the files that it reported before */
async function failing(t: TestContext, files: { [name: string]: string }): Promise<string[]> {
  const directory = project(t, files);
  const reported = imports(t);
  await assert.rejects(Harness.start("bot.ts", { directory, watch: true }));
  const names = reported(directory);
  t.mock.restoreAll();
  return names;
}

test("a file that cannot be loaded is reported, for any cause", async (t) => {
  for (const wrong of ["export const = ;", "throw new Error('no');", "process.exit(1);", "enum A { B }"]) {
    const reported = await failing(t, { "bot.ts": `import "./wrong.ts";\n${LOOP}`, "wrong.ts": wrong });
    assert.deepEqual(reported, ["bot.ts", "wrong.ts"], wrong);
  }
});

test("a missing file is reported", async (t) => {
  assert.deepEqual(await failing(t, { "bot.ts": `import "./missing.ts";\n${LOOP}` }), ["bot.ts", "missing.ts"]);
  const required = { "bot.ts": `import "./old.cjs";\n${LOOP}`, "old.cjs": 'require("./missing.cjs")' };
  assert.deepEqual(await failing(t, required), ["bot.ts", "old.cjs", "missing.cjs"]);
});
