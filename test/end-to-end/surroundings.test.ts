/** A server in poor surroundings: few descriptors, closed standard streams, folders that cannot be used. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { callsOf, message } from "./bot.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const ECHO = fileURLToPath(new URL("apps/echo.ts", import.meta.url));
const CHATS = 100;
const NOWHERE = "/nonexistent/folder";

for (const [what, setting, env] of [
  ["64 descriptors for a hundred chats at once", "ulimit -n 64", { NODE_COMPILE_CACHE: COMPILED }],
  ["standard streams that are closed", "exec 0<&- 1>&- 2>&-", { NODE_COMPILE_CACHE: COMPILED }],
  ["no home, cache or temporary folder", ":", { HOME: NOWHERE, XDG_CACHE_HOME: NOWHERE, TMPDIR: NOWHERE }],
] as const) {
  test(`a server with ${what} answers all, and obeys SIGTERM`, async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    const script = `${setting}; exec "$0" "$@"`;
    const command = [process.execPath, BIN, ECHO, "-w", "1", "--inbox", folder.join("inbox.sqlite")];
    const bot = startChild("sh", ["-c", script, ...command], {
      stdio: ["ignore", "ignore", "ignore"],
      env: { PATH: process.env.PATH, ASGIGRAM_TOKEN: simulator.token, ASGIGRAM_API_URL: simulator.url, ...env },
    });
    await simulator.pushMany(Array.from({ length: CHATS }, (_, i) => message(i + 1, "hello")));
    await callsOf(simulator, "sendMessage", CHATS);
    bot.kill();
    assert.deepEqual(await once(bot, "exit"), [0, null]);
  });
}
