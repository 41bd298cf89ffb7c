/** docs/testing.md is true: its tests pass, in one process. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Folder } from "../folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
const FROM_SOURCE = new URL("../from-source.ts", import.meta.url).href;

const BOT = `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: "Hello, " + event.from.first_name + "!" });
  }
};`;

test("every test in docs/testing.md passes", async () => {
  using folder = new Folder();
  symlinkSync(join(ROOT, "node_modules"), folder.join("node_modules"));
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", BOT);
  const blocks = [...PAGE.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  const names = blocks.map((code, i) => folder.write(`block-${i + 1}.ts`, code));
  folder.write("all.test.ts", names.map((path) => `import ${JSON.stringify(path)};`).join("\n"));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--import", FROM_SOURCE, "all.test.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder.path, env }).catch(
    (error) => error,
  );
  const tests = blocks.join("").match(/^test\(/gm)!.length;
  assert.deepEqual(stdout.match(/(?:pass|fail) \d+\n/g), [`pass ${tests}\n`, "fail 0\n"], stdout);
});
