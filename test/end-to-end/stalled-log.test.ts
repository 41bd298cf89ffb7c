/** Standard error with a reader that reads nothing, or that is gone: the bot serves on, and ends when it is told to. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { callsOf, message } from "./bot.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const NOISY = join(import.meta.dirname, "apps/noisy.ts");
/** More than the log keeps for its reader. */
const MESSAGES = 6;

const folder = new Folder();
after(() => folder[Symbol.dispose]());

function start(simulator: Simulator, stderr: number | "pipe") {
  const args = ["-w", "1", "--no-inbox", "--log-format", "json"];
  return startChild(process.execPath, [BIN, NOISY, ...args], {
    stdio: ["ignore", "ignore", stderr],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILED,
      ASGIGRAM_TOKEN: simulator.token,
      ASGIGRAM_API_URL: simulator.url,
    },
  });
}

/** A pipe with a reader, of which the test holds both ends. */
function openPipe(name: string): { reader: number; writer: number } {
  const path = folder.join(name);
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY) };
}

async function makeNoise(simulator: Simulator): Promise<void> {
  for (let chat = 1; chat <= MESSAGES; chat++) await simulator.push(message(chat, "be noisy"));
  await callsOf(simulator, "sendMessage", MESSAGES);
}

test("a bot whose log nothing reads answers all, also beside processes that inherit the pipe, and obeys SIGTERM", async () => {
  await using simulator = await Simulator.start();
  const { reader, writer } = openPipe("unread");
  const bot = start(simulator, writer);
  closeSync(writer);
  await makeNoise(simulator);
  bot.kill();
  assert.deepEqual(await once(bot, "exit"), [0, null]);
  closeSync(reader);
});

test("a reader that reads again gets the number of lines that it has missed", async () => {
  await using simulator = await Simulator.start();
  const { reader, writer } = openPipe("late");
  const bot = start(simulator, writer);
  closeSync(writer);
  await makeNoise(simulator);
  let text = "";
  const socket = new Socket({ fd: reader, writable: false }).setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const isDropped = ({ msg }: { msg: string }) => msg.startsWith("lines of the log were dropped");
  const linesOf = () =>
    text
      .split("\n")
      .slice(0, -1)
      // Node.js 22 prints warnings of its own.
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  const gap = await eventually(
    () => text.includes("lines of the log were dropped") && linesOf().find(isDropped),
    () => text,
  );
  bot.kill();
  await once(socket, "close");
  const printed = linesOf().filter(({ msg }) => msg.startsWith("xxx")).length;
  assert.ok(gap.lines > 0);
  assert.equal(printed + gap.lines, MESSAGES * 1000);
  assert.match(text, /"msg":"stopped"\}\n$/);
});

for (const [what, path] of [
  ["a reader that has gone", undefined],
  ["a full disk", "/dev/full"],
] as const) {
  test(`a bot whose log has ${what} answers all, and obeys SIGTERM`, async () => {
    await using simulator = await Simulator.start();
    const bot = start(simulator, path === undefined ? "pipe" : openSync(path, "w"));
    bot.stderr?.destroy();
    await makeNoise(simulator);
    bot.kill();
    assert.deepEqual(await once(bot, "exit"), [0, null]);
  });
}
