/** docs/debugging.md and its files are true, for a bot that uses the built package. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { Inspector } from "./inspector.ts";

const ROOT = join(import.meta.dirname, "../..");
const DEBUGGING = join(ROOT, "docs/debugging");
/** The repository with the built package: that of node_modules, which is a link in the copy of test/oldest.ts. */
const BUILT = dirname(realpathSync(join(ROOT, "node_modules")));
const BIN = "node_modules/asgigram/dist/src/cli/bin.js";

const workspace = new Folder();
after(() => workspace[Symbol.dispose]());
mkdirSync(workspace.join("node_modules"));
symlinkSync(BUILT, workspace.join("node_modules/asgigram"), "junction");
copyFileSync(join(DEBUGGING, "instrument.ts"), workspace.join("instrument.ts"));
workspace.write("package.json", `{ "type": "module" }`);

workspace.write(
  "bot.ts",
  `import type { Application } from "asgigram";

/** Fails in the way that the message names. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "throw") throw new Error("thrown");
    if (event.text === "reject") void Promise.reject(new Error("rejected"));
    if (event.text === "timer") setTimeout(fail, 1);
    if (event.text === "exit") process.exit(7);
    const text: string = \`you said \${event.text}\`;
    await send({ type: "telegram.send_message", text });
    if (event.text !== "hello") await new Promise(() => {});
  }
};

function fail(): never {
  throw new Error("in a timer");
}
`,
);

interface Launch {
  request: string;
  program: string;
  args: string[];
  cwd: string;
}

test("launch.json starts a bot that stops at a breakpoint in its worker, and goes on from there", async () => {
  const text = readFileSync(join(DEBUGGING, "launch.json"), "utf8");
  const { configurations } = JSON.parse(text.replaceAll(/\$\{workspaceFolder\}/g, workspace.path)) as {
    configurations: Launch[];
  };
  const { program, args, cwd } = configurations.find(({ request }) => request === "launch")!;
  const bot = start(["--inspect=127.0.0.1:0", program, ...args], { cwd });
  const [url] = await bot.says(/ws:\/\/\S+/);
  {
    using inspector = await Inspector.connect(url);
    const paused = inspector.stopIn(/\/bot\.ts$/, lineOf("await send("));
    bot.process.stdin.end("hello\n");
    const { worker, callFrame } = await paused;
    assert.equal(await worker.evaluate(callFrame, "text"), "you said hello");
    await worker.resume();
  }
  assert.equal(await bot.exit, 0, bot.output);
  assert.match(bot.output, /Bot: you said hello/);
});

test("--import loads a file into the main thread and every worker, from NODE_OPTIONS and from the command line", async () => {
  workspace.write(
    "count.ts",
    `import { isMainThread } from "node:worker_threads";
     process._rawDebug(isMainThread ? "in the main thread" : "in a worker");`,
  );
  const simulate = [BIN, "simulate", "--no-inbox", "--workers", "2", "bot.ts"];
  for (const bot of [
    start(simulate, { env: { NODE_OPTIONS: "--import ./count.ts" } }),
    start(["--import", "./count.ts", ...simulate]),
  ]) {
    bot.process.stdin.end("hello\n");
    assert.equal(await bot.exit, 0, bot.output);
    assert.equal(bot.output.match(/in the main thread/g)?.length, 1, bot.output);
    assert.equal(bot.output.match(/in a worker/g)?.length, 2, bot.output);
  }
});

test("instrument.ts reports every error of a bot with the lines of its TypeScript, also from workers that replace others", async () => {
  const bot = start([BIN, "simulate", "--no-inbox", "--workers", "1", "--max-attempts", "1", "bot.ts"], {
    env: { NODE_OPTIONS: "--import ./instrument.ts" },
  });
  const errors = {
    throw: /reported: chat:\d+, update \d+: Error: thrown/,
    reject: /reported: chat:\d+, update \d+: Error: rejected/,
    timer: /reported: chat:\d+, update \d+: Error: in a timer/,
    exit: /reported: worker 0 died: Error: process\.exit\(\) was called here/,
  };
  for (const [message, report] of Object.entries(errors)) {
    bot.process.stdin.write(`${message}\n`);
    await bot.says(report);
  }
  bot.process.stdin.end();
  assert.equal(await bot.exit, 0, bot.output);
  for (const code of [`Error("thrown")`, `Error("rejected")`, `Error("in a timer")`]) {
    assert.match(bot.output, new RegExp(`bot\\.ts:${lineOf(code)}:\\d+`));
  }
});

test("the stack of a compiled bot names the lines of its source with --enable-source-maps", async () => {
  const map = { version: 3, sources: ["source.ts"], names: [], mappings: "AAyBA" };
  const inline = Buffer.from(JSON.stringify(map)).toString("base64");
  workspace.write(
    "compiled.js",
    `export const application = async (scope, receive) => { await receive(); throw new Error("compiled"); };
//# sourceMappingURL=data:application/json;base64,${inline}\n`,
  );
  const bot = start([BIN, "simulate", "--no-inbox", "--workers", "1", "--lifespan", "off", "compiled.js"], {
    env: { NODE_OPTIONS: "--enable-source-maps" },
  });
  bot.process.stdin.end("hello\n");
  assert.equal(await bot.exit, 0, bot.output);
  assert.match(bot.output, /Error: compiled.*source\.ts:26/);
});

/** The number of the line of bot.ts that holds the text, from 1. */
function lineOf(text: string): number {
  const before = readFileSync(workspace.join("bot.ts"), "utf8").split(text)[0]!;
  return before.split("\n").length;
}

/** Starts Node.js in the workspace. */
function start(args: readonly string[], { cwd = workspace.path, env = {} }: { cwd?: string; env?: object } = {}) {
  const base = { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILED };
  const bot = {
    process: startChild(process.execPath, args, { cwd, env: { ...base, ...env } }),
    output: "",
    exit: Promise.resolve<number | null>(null),
    /** Resolves with the match as soon as the output has one. */
    async says(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = pattern.exec(this.output);
        if (found !== null) return found;
        const { stdout, stderr } = this.process;
        const heard = await Promise.race([once(stdout, "data"), once(stderr, "data"), this.exit]);
        if (!Array.isArray(heard)) throw new Error(`ended without ${pattern}:\n${this.output}`);
      }
    },
  };
  for (const stream of [bot.process.stdout, bot.process.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      bot.output += text;
    });
  }
  bot.exit = once(bot.process, "close").then(([code]) => code as number | null);
  return bot;
}
