import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createServer, Server } from "node:net";
import { dirname } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { watchHazards } from "../../../workers/program/hazards.ts";
import { Folder } from "../../folder.ts";

const { setInterval } = globalThis;
const { listen } = Server.prototype;

async function hazardsOf(code: string, files: { [path: string]: string } = {}): Promise<readonly string[]> {
  using folder = new Folder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(folder.join(`node_modules/${dirname(path)}`), { recursive: true });
    folder.write(`node_modules/${path}`, text);
  }
  const bot = folder.write("bot.mjs", code);
  const watch = watchHazards(folder.path);
  try {
    await import(pathToFileURL(bot).href);
    return watch.found;
  } finally {
    watch.end();
    assert.deepEqual([globalThis.setInterval, Server.prototype.listen], [setInterval, listen]);
  }
}

const NET = `import { createServer } from "node:net";\nconst server = createServer().unref();\n`;

test("servers are named with their address and the program's line", async () => {
  const close = "server.close();";
  assert.deepEqual(await hazardsOf(`${NET}server.listen(0, "127.0.0.1");\n${close}`), [
    "listens on port 0 (bot.mjs:3)",
  ]);
  assert.deepEqual(await hazardsOf(`${NET}\nserver.listen({ port: 0, host: "127.0.0.1" });\n${close}`), [
    "listens on port 0 (bot.mjs:4)",
  ]);
  const library = { "web/index.js": `module.exports = (server) => server.listen(0);` };
  assert.deepEqual(await hazardsOf(`${NET}import web from "web";\nweb(server);\n${close}`, library), [
    "listens on port 0 (bot.mjs:4)",
  ]);
});

test("a timer is named if the program itself starts it", async () => {
  const library = { "cache/index.js": "clearInterval(setInterval(() => {}, 1000));" };
  assert.deepEqual(await hazardsOf(`import "cache";\nclearInterval(setInterval(() => {}, 1000));`, library), [
    "calls setInterval() (bot.mjs:2)",
  ]);
});

test("packages of jobs and of files are named, required or imported, by the program alone", async () => {
  const files = {
    "node-cron/index.js": "",
    "@nestjs/schedule/index.js": `require("cron");`,
    "cron/index.js": "",
    "telegraf-session-local/index.js": "",
    "other/index.js": `require("lowdb");`,
    "lowdb/index.js": "",
  };
  const code = `import { createRequire } from "node:module";
    import "node-cron";
    import "@nestjs/schedule";
    import "other";
    createRequire(import.meta.url)("telegraf-session-local");`;
  assert.deepEqual(await hazardsOf(code, files), [
    "runs jobs by node-cron (bot.mjs)",
    "runs jobs by @nestjs/schedule (bot.mjs)",
    "keeps state in a file by telegraf-session-local (bot.mjs)",
  ]);
});

test("nothing is noted once the watch has ended", async () => {
  const watch = watchHazards("/");
  watch.end();
  clearInterval(globalThis.setInterval(() => {}, 1000));
  const server = createServer().listen(0);
  server.close();
  assert.deepEqual(watch.found, []);
});
