import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { BotHere, callsOf, message, startBotHere } from "./bot.ts";

const BIN = join(import.meta.dirname, "../../src/cli/bin.ts");

test("a disk that is full ends the server with the reason, and nothing is confirmed that is not stored", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  // ulimit -f stands for a full disk: no file may grow beyond 200 KB.
  const command = `trap '' XFSZ; ulimit -f 200; exec "$0" "$@"`;
  const inbox = folder.join("inbox.sqlite");
  const args = [process.execPath, BIN, "apps/echo.ts", "--log-format", "json", "--inbox", inbox];
  const server = startChild("bash", ["-c", command, ...args], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILED,
      ASGIGRAM_TOKEN: simulator.token,
      ASGIGRAM_API_URL: simulator.url,
    },
  });
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const closed = once(server, "close");
  const sent = 400;
  await simulator.pushMany(Array.from({ length: sent }, (_, i) => message(i + 1, "x".repeat(2000))));
  const [code] = await closed;
  assert.equal(code, 5, said);
  assert.match(said, /asgigram: the inbox \S+ could not be written: .*disk/);
  assert.ok(simulator.pending > 0, "Telegram still has what could not be stored");

  // With room on the disk again, all of it is handled.
  await using second = await startBotHere("echo", simulator, ["--inbox", inbox]);
  await callsOf(simulator, "sendMessage", sent);
  const chats = new Set(
    simulator.calls.filter(({ method }) => method === "sendMessage").map((call) => call.parameters.chat_id),
  );
  assert.equal(chats.size, sent);
  assert.equal((await second.end()).code, 0);
});

test("an inbox that is removed while it is in use ends the server with the reason", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await using bot = await startBotHere("echo", simulator, ["--inbox", inbox]);
  const exit = bot.process.exit();
  rmSync(inbox);
  const { code, stderr } = await exit;
  assert.equal(code, 5);
  assert.match(
    stderr,
    /asgigram: \S+inbox\.sqlite, a file of the inbox, has been removed or replaced while it was in use/,
  );
});

test("a damaged inbox ends the start with the reason and the remedy", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await using first = await startBotHere("echo", simulator, ["--inbox", inbox]);
  await first.end();
  writeFileSync(inbox, readFileSync(inbox).fill(0xa5, 100));
  await using second = new BotHere("apps/echo.ts", simulator, ["--inbox", inbox]);
  const { code, stderr } = await second.process.exit();
  assert.equal(code, 5);
  assert.match(stderr, /asgigram: the inbox \S+ could not be opened: .*the file is damaged: move it away/);
});
