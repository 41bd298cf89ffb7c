/** docs/cpu-heavy.md shows the bots of examples/cpu-heavy as they are, and they do what the page says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { serve } from "../../src/index.ts";
import { startChild } from "../child.ts";
import { LIMIT } from "../eventually.ts";

const ROOT = join(import.meta.dirname, "../..");
const BOTS = join(ROOT, "examples/cpu-heavy");
/** A picture of a moment, and one that is not finished before a test ends it. */
const [QUICK, ENDLESS] = ["20", "1000000000"];

for (const name of ["before.ts", "after.ts", "cancel.ts"]) {
  test(`docs/cpu-heavy.md shows ${name} as it is`, () => {
    const text = readFileSync(join(ROOT, "docs/cpu-heavy.md"), "utf8");
    assert.ok(text.includes(`\`\`\`ts\n${readFileSync(join(BOTS, name), "utf8")}\`\`\`\n`));
  });
}

test("the bot on grammY draws, and answers /ping", async () => {
  await using simulator = await Simulator.start();
  const { token: BOT_TOKEN, url: API_ROOT } = simulator;
  const bot = startChild(process.execPath, ["before.ts"], {
    cwd: BOTS,
    env: { BOT_TOKEN, API_ROOT },
    stdio: "inherit",
  });
  try {
    const ann = await simulator.user("Ann");
    await ann.sendText(QUICK);
    assert.ok("photo" in (await ann.nextMessage({ timeout: LIMIT })));
    await ann.sendText("/ping");
    assert.equal((await ann.nextMessage({ timeout: LIMIT })).text, "pong");
  } finally {
    bot.kill("SIGKILL");
  }
});

test("the same bot with offload() answers /ping of one chat while it draws for another", async () => {
  await using simulator = await Simulator.start();
  await using server = await start("after.ts", simulator);
  const [ann, ben, cat] = await Promise.all(["Ann", "Ben", "Cat"].map((name) => simulator.user(name)));
  await ann!.sendText(QUICK);
  assert.ok("photo" in (await ann!.nextMessage({ timeout: LIMIT })));
  await ben!.sendText(ENDLESS);
  await cat!.sendText("/ping");
  assert.equal((await cat!.nextMessage({ timeout: LIMIT })).text, "pong");
  await server.stop();
});

test("the bot that can cancel hears /cancel while it draws, and draws again", async () => {
  await using simulator = await Simulator.start();
  await using _server = await start("cancel.ts", simulator);
  const ann = await simulator.user("Ann");
  await ann.sendText(ENDLESS);
  await ann.sendText("/cancel");
  assert.equal((await ann.nextMessage({ timeout: LIMIT })).text, "Cancelled.");
  await ann.sendText(QUICK);
  assert.ok("photo" in (await ann.nextMessage({ timeout: LIMIT })));
});

async function start(application: string, simulator: Simulator) {
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: join(BOTS, application),
    workers: 1,
    inbox: false,
    logLevel: "silent",
    // A picture without end is given up soon.
    shutdownTimeout: 0.2,
  });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}
