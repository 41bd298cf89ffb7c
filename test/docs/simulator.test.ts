/** docs/simulator.md is true: its test runs, and it lists the commands of the terminal. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { HELP } from "../../simulator/terminal/line.ts";
import { Folder } from "../folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/simulator.md"), "utf8");
const FROM_SOURCE = new URL("../from-source.ts", import.meta.url).href;

const BOT = `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: "Hello, " + event.from.first_name + "!" });
  }
};`;

/** Runs the page's first block of this language as a test. @returns its output */
async function outputOf(language: "ts" | "js"): Promise<string> {
  using folder = new Folder();
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", BOT);
  symlinkSync(join(ROOT, "node_modules"), folder.join("node_modules"), "junction");
  const file = folder.write(`bot.test.${language}`, RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(PAGE)![1]!);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", FROM_SOURCE, file], {
    cwd: folder.path,
    env,
  });
  return stdout;
}

test("the test in docs/simulator.md passes", async () => {
  assert.match(await outputOf("ts"), /pass 1/);
});

test("the tests of grammY and Telegraf in docs/simulator.md pass", async () => {
  assert.match(await outputOf("js"), /pass 2/);
});

test("docs/simulator.md shows the tests of examples/pytest", () => {
  const shown = [...PAGE.matchAll(/```python\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const files = ["test_aiogram.py", "test_python_telegram_bot.py"];
  assert.equal(shown.length, files.length);
  for (const [i, file] of files.entries()) {
    assert.ok(readFileSync(join(ROOT, "examples/pytest", file), "utf8").includes(shown[i]!), file);
  }
});

test("docs/simulator.md lists the commands of the terminal", () => {
  const commands = HELP.split("\n").flatMap((line) => /^ {2}(\/\w+)/.exec(line)?.[1] ?? []);
  assert.ok(commands.length > 5);
  for (const command of commands) assert.ok(PAGE.includes(`\`${command}`), command);
});
