/** docs/simulator.md is true: its test runs, and it lists the commands of the terminal. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HELP } from "../../simulator/terminal/line.ts";
import { blocksIn, outputOf } from "./code-blocks.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/simulator.md"), "utf8");

/** Runs the page's first block of this language as a test. */
const first = (language: "ts" | "js") => outputOf(blocksIn(PAGE, language).slice(0, 1), language);

test("the test in docs/simulator.md passes", async () => {
  assert.match(await first("ts"), /pass 1/);
});

test("the tests of grammY and Telegraf in docs/simulator.md pass", async () => {
  assert.match(await first("js"), /pass 2/);
});

test("docs/simulator.md shows the tests of examples/pytest", () => {
  const shown = blocksIn(PAGE, "python");
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
