/** docs/simulator.md is true: its test runs, and it lists the commands of the terminal. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { HELP } from "../../simulator/terminal/line.ts";
import { Folder } from "../folder.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/simulator.md"), "utf8");
const FROM_SOURCE = new URL("../from-source.ts", import.meta.url).href;

const BOT = `export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: "Hello, " + event.from.first_name + "!" });
  }
};`;

test("the test in docs/simulator.md passes", async () => {
  using folder = new Folder();
  folder.write("package.json", `{ "type": "module" }`);
  folder.write("bot.ts", BOT);
  folder.write("bot.test.ts", /```ts\n([\s\S]*?)```/.exec(PAGE)![1]!);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--import", FROM_SOURCE, "bot.test.ts"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder.path, env });
  assert.match(stdout, /pass 1/);
});

test("docs/simulator.md lists the commands of the terminal", () => {
  const commands = HELP.split("\n").flatMap((line) => /^ {2}(\/\w+)/.exec(line)?.[1] ?? []);
  assert.ok(commands.length > 5);
  for (const command of commands) assert.ok(PAGE.includes(`\`${command}`), command);
});
