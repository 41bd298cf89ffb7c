import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { Bot, Folder } from "./bot.ts";

/** A bot in a folder of its own, whose code the test can change. */
class Project implements AsyncDisposable {
  readonly folder = new Folder();
  readonly simulator: Simulator;
  #bot: Bot | undefined;

  constructor(simulator: Simulator, version: string) {
    this.simulator = simulator;
    this.write("package.json", '{ "type": "module" }');
    this.write("bot.ts", BOT);
    this.write("version.cjs", 'module.exports = require("./nested.cjs");');
    this.change(version);
  }

  static async create(version = "one"): Promise<Project> {
    return new Project(await Simulator.start(), version);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder.path, name), text);
  }

  /** What it says of itself from the next reload on. */
  change(version: string): void {
    this.write("nested.cjs", `module.exports = "${version}";`);
  }

  async start(...args: string[]): Promise<Bot> {
    this.#bot = new Bot("bot.ts", this.simulator, ["--workers", "2", "--no-inbox", ...args], { cwd: this.folder.path });
    await this.#bot.process.says("serving");
    return this.#bot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bot?.[Symbol.asyncDispose]();
    await this.simulator.close();
    this.folder[Symbol.dispose]();
  }
}

const BOT = `import version from "./version.cjs";
export const application = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    console.log("startup of", version);
    await send({ type: "lifespan.startup.complete" });
    await receive();
    console.log("shutdown of", version);
    return await send({ type: "lifespan.shutdown.complete" });
  }
  for (let count = 1; ; count++) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return console.log(version, "is told", event.reason);
    if (event.text === "grow") globalThis.hoard = Buffer.alloc(300 * 2 ** 20, 1);
    await send({ type: "telegram.send_message", text: version + " " + count });
  }
};`;

const HANGING = `import { delivery } from "${new URL("../../src/index.ts", import.meta.url)}";
export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    const { attempt } = delivery(event);
    if (attempt === 1) await new Promise(() => console.log("hanging"));
    await send({ type: "telegram.send_message", text: event.text + ", attempt " + attempt });
  }
};`;

type User = Awaited<ReturnType<Simulator["user"]>>;

const say = async (user: User, text = "x") => {
  await user.sendText(text);
  return (await user.nextMessage()).text;
};

const REPLACED = "workers have been replaced";

/** What applications have printed, by worker. */
const printed = (bot: Bot, worker: number) =>
  bot.log.filter((line) => line.worker === worker && /one|two|three/.test(line.msg)).map(({ msg }) => msg);

/** Resolves when the log has so many such lines. */
const logged = (bot: Bot, what: string | RegExp, times = 1) => bot.logged(() => matching(bot, what) >= times);

const matching = (bot: Bot, what: string | RegExp) => bot.log.filter(({ msg }) => msg.match(what)).length;

describe("SIGHUP", () => {
  test("replaces the workers one by one, each with its lifespan and a disconnect", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    const users = [await project.simulator.user("ann"), await project.simulator.user("ben")];
    for (const user of users) assert.equal(await say(user), "one 1");
    project.change("two");
    for (const user of users) assert.equal(await say(user), "one 2");
    bot.process.process.kill("SIGHUP");
    await logged(bot, REPLACED);
    for (const user of users) assert.equal(await say(user), "two 1");
    for (const worker of [0, 1]) {
      const lines = printed(bot, worker);
      assert.deepEqual([lines[0], lines[1], lines.at(-1)], ["startup of one", "startup of two", "shutdown of one"]);
    }
    const told = bot.log.filter(({ msg }) => msg.includes("is told")).map(({ msg }) => msg);
    assert.deepEqual(told, ["one is told reload", "one is told reload"]);
    assert.equal((await bot.end()).code, 0);
    assert.equal(matching(bot, "shutdown of two"), 2);
  });

  test("leaves the old code running where the new one does not start, and says why", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    const ann = await project.simulator.user("ann");
    assert.equal(await say(ann), "one 1");
    project.write("nested.cjs", "module.exports = (;");
    bot.process.process.kill("SIGHUP");
    const { error } = await bot.logged(({ msg }) => msg.startsWith("a worker could not be replaced"));
    assert.match(error!, /could not be imported: .*SyntaxError/s);
    assert.match(error!, /nested\.cjs/);
    assert.equal(await say(ann), "one 2");
    project.change("two");
    bot.process.process.kill("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal(await say(ann), "two 1");
    assert.equal((await bot.end()).code, 0);
  });

  test("leaves the old code running where the new one's startup fails", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    project.write(
      "bot.ts",
      BOT.replace("startup.complete", "startup.failed").replace("{ type", '{ message: "no database", type'),
    );
    bot.process.process.kill("SIGHUP");
    const { error } = await bot.logged(({ msg }) => msg.startsWith("a worker could not be replaced"));
    assert.match(error!, /startup failed: no database/);
    assert.equal(await say(await project.simulator.user("ann")), "one 1");
  });

  test("ends what does not finish in time, and all that it had is delivered again", async () => {
    await using project = await Project.create();
    project.write("bot.ts", HANGING);
    const bot = await project.start("--shutdown-timeout", "0.2");
    const ann = await project.simulator.user("ann");
    for (const text of ["a", "b"]) await ann.sendText(text);
    await bot.process.says("hanging");
    project.write("bot.ts", HANGING.replace("attempt === 1", "false"));
    bot.process.process.kill("SIGHUP");
    await logged(bot, "did not finish in time");
    assert.equal((await ann.nextMessage()).text, "a, attempt 2");
    assert.equal((await ann.nextMessage()).text, "b, attempt 2");
    assert.equal((await bot.end()).code, 0);
  });

  test("before the server serves is heeded as soon as it does", async () => {
    await using project = await Project.create();
    await using bot = new Bot("bot.ts", project.simulator, ["--no-inbox"], { cwd: project.folder.path });
    await bot.process.says("startup of one");
    bot.process.process.kill("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal((await bot.end()).code, 0);
  });

  test("many times over is a few reloads", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    for (let i = 0; i < 20; i++) bot.process.process.kill("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal(await say(await project.simulator.user("ann")), "one 1");
    assert.equal((await bot.end()).code, 0);
  });

  test("does not keep SIGTERM from ending it", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    bot.process.process.kill("SIGHUP");
    await bot.process.says("reloading");
    assert.equal((await bot.end()).code, 0);
  });
});

describe("--reload", () => {
  test("replaces the workers when a file that was imported changes, however deep or late it was", async () => {
    await using project = await Project.create();
    project.write("bot.ts", BOT.replace("version +", '(await import("./later.ts")).mark + version +'));
    project.write("later.ts", 'export const mark = "";');
    const bot = await project.start("--reload");
    const ann = await project.simulator.user("ann");
    assert.equal(await say(ann), "one 1");
    project.change("two");
    await logged(bot, REPLACED, 1);
    assert.equal(await say(ann), "two 1");
    project.write("later.ts", 'export const mark = "*";');
    await logged(bot, REPLACED, 2);
    assert.equal(await say(ann), "*two 1");
    assert.deepEqual(
      bot.log.filter(({ msg }) => msg.startsWith("the application has changed")).map(({ files }) => files),
      [[join(project.folder.path, "nested.cjs")], [join(project.folder.path, "later.ts")]],
    );
    assert.equal((await bot.end()).code, 0);
  });

  test("keeps the old code while a file is broken, or gone, and goes on when it is mended", async () => {
    await using project = await Project.create();
    const bot = await project.start("--reload");
    const ann = await project.simulator.user("ann");
    assert.equal(await say(ann), "one 1");
    const failed = /^a worker could not be replaced/;
    project.write("version.cjs", "this is no JavaScript");
    await logged(bot, failed, 1);
    assert.equal(await say(ann), "one 2");
    project.write("version.cjs", 'module.exports = require("./new.cjs");');
    await logged(bot, failed, 2);
    assert.equal(await say(ann), "one 3");
    project.write("new.cjs", 'module.exports = "two";');
    await logged(bot, REPLACED, 1);
    assert.equal(await say(ann), "two 1");
    rmSync(join(project.folder.path, "new.cjs"));
    await logged(bot, failed, 3);
    project.write("new.cjs", 'module.exports = "three";');
    await logged(bot, REPLACED, 2);
    assert.equal(await say(ann), "three 1");
    assert.equal((await bot.end()).code, 0);
  });
});

test("--recycle-after: a worker that has settled so many events is replaced", async () => {
  await using project = await Project.create();
  const bot = await project.start("--recycle-after", "6");
  const ann = await project.simulator.user("ann");
  project.change("two");
  for (let i = 0; i < 6; i++) await say(ann);
  // Whichever of the two workers serves this user: the first one's turn comes after six, the other's first one after three.
  await logged(bot, REPLACED);
  assert.equal(matching(bot, "has settled its 6 events and is recycled"), 1);
  assert.equal(await say(ann), "two 1");
  assert.equal((await bot.end()).code, 0);
});

/** Megabytes that a process has. */
function residentOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) / 1024;
}

test("--memory-limit: the worker that takes the most is replaced, and its memory is free again", {
  skip: process.platform !== "linux",
}, async () => {
  await using project = await Project.create();
  const bot = await project.start("--memory-limit", "330");
  const ann = await project.simulator.user("ann");
  await say(ann, "grow");
  const { worker, resident, memory } = await bot.logged(({ msg }) => msg.startsWith("above --memory-limit"));
  assert.ok((resident as number) >= 330);
  assert.ok((memory as number[])[worker!]! >= 300, `${memory}`);
  await logged(bot, REPLACED);
  assert.equal(await say(ann), "one 1");
  while (residentOf(bot.process.process.pid!) > 330) await delay(20);
  assert.equal((await bot.end()).code, 0);
});
