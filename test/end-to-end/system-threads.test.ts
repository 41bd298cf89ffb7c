import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { Bot, callsOf, confirmed, message } from "./bot.ts";

/** More than the connections that are open when libuv's threads become busy. */
const CHATS = 20;

test("polls, the inbox, calls and the log go on while an application keeps all of libuv's threads busy", async (t) => {
  if (process.platform === "win32") return t.skip("Windows has no named pipes in its file system");
  using folder = new Folder();
  const pipe = folder.join("pipe");
  execFileSync("mkfifo", [pipe]);
  await using simulator = await Simulator.start();
  const byName = simulator.url.replace("127.0.0.1", "localhost");
  const args = ["--inbox", folder.join("inbox.sqlite"), "--api-url", byName];
  await using bot = new Bot("apps/filling.ts", simulator, args, { env: { PIPE: pipe } });
  await bot.process.says("serving");
  await simulator.push(message(1, "fill"));
  await bot.logged(({ msg }) => msg === "full");
  await simulator.pushMany(Array.from({ length: CHATS }, (_, i) => message(i + 2, "hello")));
  await callsOf(simulator, "sendMessage", 1 + CHATS);
  await confirmed(simulator);
  const texts = () => simulator.calls.map(({ parameters }) => parameters.text);
  assert.ok(!texts().includes("free"));
  closeSync(openSync(pipe, "r+"));
  await callsOf(simulator, "sendMessage", 2 + CHATS);
  assert.ok(texts().includes("free"));
  assert.equal((await bot.end()).code, 0);
});
