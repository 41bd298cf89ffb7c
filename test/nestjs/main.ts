/**
 * The NestJS bot of examples/nestjs, compiled by its own compiler, under the real command line. `npm run test:nestjs` installs its
 * packages when they are missing. To change its lockfile: npm install --ignore-scripts, there.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { install } from "../../scripts/install.ts";
import { Simulator } from "../../simulator/index.ts";
import { Bot } from "../end-to-end/bot.ts";
import { ask } from "../end-to-end/program.ts";
import { Folder } from "../folder.ts";
import { freePort } from "../network/free-port.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Longest time of a reload, also on a busy machine. */
const RELOAD = { timeout: 60_000 };
const EXAMPLE = join(ROOT, "examples/nestjs");

/** The example, whose database takes a while: its bot is launched before NestJS has given it its handlers. */
const SLOW = `
const { Module } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { AppModule } = require("./app.module.js");
const database = { provide: "DATABASE", useFactory: () => new Promise((resolve) => setTimeout(resolve, 500)) };
class SlowModule {}
Module({ imports: [AppModule], providers: [database] })(SlowModule);
NestFactory.create(SlowModule).then((app) => app.enableShutdownHooks().listen(process.env.PORT));
`;

before(() => {
  install(EXAMPLE);
  const link = join(EXAMPLE, "node_modules/asgigram");
  rmSync(link, { force: true });
  symlinkSync(ROOT, link, "junction");
  const compiler = join(EXAMPLE, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", EXAMPLE], { stdio: "inherit" });
});

/** Starts a compiled file of the example, which listens on the port. */
function start(file: string, simulator: Simulator, port: number, ...args: readonly string[]): Bot {
  const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token, PORT: `${port}`, NO_COLOR: "1" };
  return new Bot(`dist/${file}`, simulator, args, { cwd: EXAMPLE, env });
}

test("a NestJS bot has its port, its scene, its offloaded provider and its shutdown hooks, across a reload", async () => {
  await using simulator = await Simulator.start();
  const port = await freePort();
  await using bot = start("main.js", simulator, port, "--no-inbox");
  const serving = await bot.logged(({ msg }) => msg === "serving");
  assert.match(String(serving.library), /^Telegraf 4\.\d+\.\d+$/);
  assert.equal(serving.started, "bot.launch()");

  const ann = await simulator.user("ann");
  assert.equal(await ask(ann, "/start"), "Send me a whole number, or /order.");
  assert.equal(await ask(ann, "/order"), "What do you drink?");
  assert.equal(await ask(ann, "tea"), "One tea.");
  assert.equal(await ask(ann, "90"), "The next prime is 97.");
  assert.deepEqual(await health(port), { found: 1 });

  bot.process.process.kill("SIGHUP");
  await bot.logged(({ msg }) => msg.startsWith("workers have been replaced"));
  await bot.logged(({ msg }) => /found 1 primes$/.test(msg));
  assert.deepEqual(await health(port), { found: 0 });
  assert.equal(await ask(ann, "10"), "The next prime is 11.");
  assert.equal(await ask(ann, "20"), "The next prime is 23.");

  const { code, stderr } = await bot.end();
  assert.match(stderr, /found 2 primes"/);
  assert.doesNotMatch(stderr, /"level":"(warn|error)"/);
  assert.equal(code, 0);
});

test("a NestJS bot gets what waits in the inbox when its providers are ready", async () => {
  await using simulator = await Simulator.start();
  using folder = new Folder();
  writeFileSync(join(EXAMPLE, "dist/slow.js"), SLOW);
  const ann = await simulator.user("ann");
  await using bot = start("slow.js", simulator, await freePort(), "--inbox", folder.join("inbox.sqlite"));
  await bot.logged(({ msg }) => msg === "serving");
  assert.equal(await ask(ann, "/start"), "Send me a whole number, or /order.");
  await ann.sendText("90");
  bot.process.process.kill("SIGHUP");
  await ann.sendText("10");
  assert.deepEqual(
    [(await ann.nextMessage(RELOAD)).text, (await ann.nextMessage()).text],
    ["The next prime is 97.", "The next prime is 11."],
  );
  assert.equal((await bot.end()).code, 0);
});

async function health(port: number): Promise<unknown> {
  return await (await fetch(`http://127.0.0.1:${port}/`)).json();
}
