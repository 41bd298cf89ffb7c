import assert from "node:assert/strict";
import { test } from "node:test";
import { watchLibraries } from "../../../workers/program/libraries.ts";
import { LocalBotApi } from "../../../workers/program/local-bot-api.ts";
import { fakeBot } from "./fake-library.ts";

/** Loads a package. @returns what the watch was told */
function load(package_: Parameters<typeof fakeBot>[0]): unknown[] {
  const told: unknown[] = [];
  const api = new LocalBotApi({
    bot: { id: 48 },
    make: async () => undefined,
    onLaunch() {},
    onDropPending() {},
    refuses: () => false,
  });
  const unwatch = watchLibraries((...loaded) => told.push(loaded), {
    api,
    wrapFetch: (original) => original,
    onSeen: (_bot, { token, library }) => told.push(["seen", token, library]),
    onHeld() {},
    onStarted: (_bot, { token }, how) => told.push(["started", token, how]),
  });
  try {
    const bot = fakeBot(package_);
    bot.use();
    bot.start();
  } finally {
    unwatch();
  }
  return told;
}

test("a library is known by the name in its package.json, wherever it is", () => {
  const told = [
    ["grammY 1.46.0", true],
    ["seen", "48:none", "grammY 1.46.0"],
    ["started", "48:none", "bot.start()"],
  ];
  assert.deepEqual(load({}), told);
  assert.deepEqual(load({ folder: "an-alias" }), told);
  assert.deepEqual(load({ name: "another" }), []);
  assert.deepEqual(load({ entry: "out/other.js" }), []);
});

test("a version that was not tested is told: another major one, or another minor one below 1.0", () => {
  assert.deepEqual(load({ version: "9.0.0" })[0], ["grammY 9.0.0", false]);
  const gramio = { name: "gramio", folder: "gramio", entry: "dist/index.js" };
  assert.deepEqual(load({ ...gramio, version: "0.10.7" })[0], ["GramIO 0.10.7", true]);
  assert.deepEqual(load({ ...gramio, version: "0.1.0" })[0], ["GramIO 0.1.0", false]);
});
