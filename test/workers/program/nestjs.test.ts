import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Program } from "../../../workers/program/program.ts";
import { eventually } from "../../eventually.ts";
import { Folder } from "../../folder.ts";

/** Packages as far as their watches look at them. */
const PACKAGES = {
  grammy: {
    main: "out/mod.js",
    source: `
      exports.Bot = class { token = "48:none"; use() {} init() {} start() {} catch() {} };
      exports.BotError = class {};
    `,
  },
  "node-fetch": { main: "index.js", source: "exports.default = () => {};" },
  "nestjs-telegraf": { main: "dist/index.js", source: "" },
  "@nestjs/core": {
    main: "index.js",
    source: `exports.NestApplicationContext = class {
      hooks = Promise.withResolvers();
      async callBootstrapHook() { await this.hooks.promise; }
    };`,
  },
};

test("a bot of nestjs-telegraf is launched when NestJS has run its hooks", async (t) => {
  using folder = new Folder();
  for (const [name, { main, source }] of Object.entries(PACKAGES)) {
    const home = `node_modules/${name}`;
    mkdirSync(folder.join(`${home}/${main}/..`), { recursive: true });
    folder.write(`${home}/package.json`, JSON.stringify({ name, version: "1.0.0", main }));
    folder.write(`${home}/${main}`, source);
  }
  const program = new Program({ id: 48 }, { make: async () => undefined });
  t.after(() => program.leave());
  let isLaunched = false;
  void program.launched.then(() => {
    isLaunched = true;
  });
  const load = createRequire(folder.join("main.js"));
  load("nestjs-telegraf");
  const { Bot } = load("grammy");
  const { NestApplicationContext } = load("@nestjs/core");
  const bot = new Bot();
  bot.use();
  bot.start();
  void fetch("https://api.telegram.org/bot48:none/getUpdates?timeout=30").catch(() => {});
  await eventually(
    () => program.facts !== undefined,
    () => "no launch",
  );
  await turn();
  assert.equal(isLaunched, false);

  const context = new NestApplicationContext();
  const started = context.callBootstrapHook();
  await turn();
  assert.equal(isLaunched, false);
  context.hooks.resolve();
  await started;
  await program.launched;
});
