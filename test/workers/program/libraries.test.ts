import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { watchLibraries } from "../../../workers/program/libraries.ts";
import { LocalBotApi } from "../../../workers/program/local-bot-api.ts";
import { Folder } from "../../folder.ts";

const GRAMMY = `
  exports.Bot = class { token = "48:none"; use() {} init() {} start() {} catch() {} };
  exports.BotError = class {};
`;

/** Loads a package that is grammY by its own name, from a folder of another name. @returns what the watch was told */
function load({ folder: where = "grammy", name = "grammy", version = "1.46.0", entry = "out/mod.js" }): unknown[] {
  using folder = new Folder();
  const home = `node_modules/${where}`;
  for (const path of [`${home}/out`, "node_modules/node-fetch"]) mkdirSync(folder.join(path), { recursive: true });
  folder.write(`${home}/package.json`, JSON.stringify({ name, version, main: entry }));
  folder.write(`${home}/${entry}`, GRAMMY);
  folder.write("node_modules/node-fetch/index.js", "exports.default = () => {};");
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
    onStarted: (_bot, { token }, how) => told.push(["started", token, how]),
  });
  try {
    const { Bot } = createRequire(folder.join("bot.js"))(where);
    const bot = new Bot();
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

test("a major version that was not tested is told", () => {
  assert.deepEqual(load({ version: "9.0.0" })[0], ["grammY 9.0.0", false]);
});
