import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkApplication } from "../../../src/cli/check/application.ts";
import { Folder } from "../../folder.ts";

interface End {
  printed: string[];
  warnings: string[];
}

/** Starts a grammY bot with that code, and has it end. */
function end(code: string, shutdownTimeout?: number): Promise<End> {
  return endOf(
    `import { setTimeout as sleep } from "node:timers/promises";
    import { Bot } from "grammy";
    const bot = new Bot("123456:" + "A".repeat(35));
    ${code}
    bot.start();`,
    shutdownTimeout,
  );
}

/** Starts a program and has it end. @returns what it printed, and the warnings */
async function endOf(code: string, shutdownTimeout = 20_000): Promise<End> {
  using folder = new Folder();
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), folder.join("node_modules"), "junction");
  folder.write("bot.mjs", code);
  const printed: string[] = [];
  const findings = await checkApplication({
    application: "bot.mjs",
    directory: folder.path,
    interface: "auto",
    imports: [],
    lifespan: "auto",
    bot: 123456,
    programWorkers: 1,
    workerMemory: Number.POSITIVE_INFINITY,
    shutdownTimeout,
    print: (line) => printed.push(line),
  });
  return { printed, warnings: findings.filter(({ is }) => is !== "ok").map(({ text }) => text) };
}

const NOTHING: string[] = [];

test("a program without a listener ends at once", async () => {
  // At the limit it would be a warning.
  const { warnings } = await end(`setInterval(() => {}, 1000); process.on("exit", () => console.log("exit"));`, 60_000);
  assert.deepEqual(warnings, NOTHING);
});

test("a listener for the other signal alone gets that", async () => {
  const { printed } = await end(`process.once("SIGINT", (name) => { console.log(name); bot.stop(); });`);
  assert.deepEqual(printed, ["SIGINT"]);
});

test("asynchronous work of a listener runs to its end, with no call or timer in between lost", async () => {
  const { printed, warnings } = await end(`process.once("SIGTERM", async () => {
    await sleep(20);
    await bot.api.setMyCommands([]);
    console.log("first");
    await bot.stop();
    await bot.api.setMyCommands([]);
    console.log("second");
  });`);
  assert.deepEqual([printed, warnings], [["first", "second"], NOTHING]);
});

test("what a program writes to the disk at its end is written", async () => {
  using folder = new Folder();
  const path = folder.join("state.json");
  await end(`
    import { open } from "node:fs/promises";
    process.once("SIGTERM", async () => {
      const file = await open(${JSON.stringify(path)}, "w");
      for (let i = 0; i < 50; i++) await file.write("x".repeat(1000));
      await file.close();
    });`);
  assert.equal(readFileSync(path, "utf8").length, 50_000);
});

for (const [what, code] of [
  ["process.exit()", "process.exit(0)"],
  // NestJS does so after its shutdown hooks.
  ["the signal that a program sends to itself", `process.kill(process.pid, "SIGTERM")`],
] as const) {
  test(`${what} ends the thread alone, and is no crash`, async () => {
    const { printed, warnings } = await end(`setInterval(() => {}, 1000);
      process.once("SIGTERM", () => { console.log("told"); ${code}; console.log("on"); });`);
    assert.deepEqual([printed, warnings], [["told"], NOTHING]);
  });
}

test("a listener that throws is in the log", async () => {
  const { warnings } = await end(`process.once("SIGTERM", () => { throw new Error("no luck"); });`);
  assert.match(warnings[0]!, /the program's listener for SIGTERM threw\nError: no luck/);
});

const TOKEN = `"123456:${"A".repeat(35)}"`;

for (const [library, code] of [
  [
    "Telegraf",
    `import { Telegraf } from "telegraf";
    const bot = new Telegraf(${TOKEN});
    process.once("SIGTERM", () => bot.stop("SIGTERM"));
    bot.launch().then(() => console.log("over"));`,
  ],
  [
    "node-telegram-bot-api 0.66, which waits for its last poll",
    `import TelegramBot from "node-telegram-bot-api-0";
    const bot = new TelegramBot(${TOKEN}, { polling: true });
    process.once("SIGTERM", () => bot.stopPolling().then(() => console.log("over")));`,
  ],
  [
    "the runner of grammY",
    `import { Bot } from "grammy";
    import { run } from "@grammyjs/runner";
    const runner = run(new Bot(${TOKEN}));
    process.once("SIGTERM", () => runner.stop());
    runner.task().then(() => console.log("over"));`,
  ],
] as const) {
  test(`what waits for the end of the bot goes on: ${library}`, async () => {
    const { printed, warnings } = await endOf(code);
    assert.deepEqual([printed, warnings], [["over"], NOTHING]);
  });
}

test("an error of the code behind an awaited start() is uncaught", async () => {
  const { warnings } = await end(`process.once("SIGTERM", () => bot.stop());
    await bot.start();
    throw new Error("no luck");`);
  assert.match(warnings[0]!, /^an unhandled promise rejection ends the worker\nError: no luck/);
});

test("a program whose timers and servers stay is over soon", async () => {
  const { warnings } = await end(
    `import { createServer } from "node:http";
    createServer().listen(0);
    setInterval(() => {}, 1000);
    process.once("SIGTERM", () => bot.stop());`,
    60_000,
  );
  assert.deepEqual(warnings, NOTHING);
});

test("a program that goes on is over when its time is, and the log says so", async () => {
  const { warnings } = await end(
    `import { connect, createServer } from "node:net";
    const server = createServer().listen(0, "127.0.0.1", () => connect(server.address().port, "127.0.0.1"));
    process.once("SIGTERM", () => bot.stop());`,
    1500,
  );
  assert.deepEqual(warnings, ["the program did not end within 1 s after SIGTERM; it is ended"]);
});
