import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { Bot, BotHere, nextText } from "./bot.ts";

/** A bot in a folder of its own; the test changes its code. */
class Project implements AsyncDisposable {
  readonly folder = new Folder();
  readonly simulator: Simulator;
  #bot: BotHere | undefined;

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
    this.folder.write(name, text);
  }

  /** Changes the version that the bot says from the next reload on. */
  change(version: string): void {
    this.write("nested.cjs", `module.exports = "${version}";`);
  }

  async start(...args: string[]): Promise<BotHere> {
    this.#bot = new BotHere("bot.ts", this.simulator, ["--workers", "1", "--no-inbox", ...args], {
      cwd: this.folder.path,
    });
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
    if (event.type === "telegram.disconnect") return console.log(version, "ends:", event.reason);
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

/** A bot with 200 MB outside of its heap, as a model is, and 10 MB more with each message. */
const MODEL = `const native = [];
const allocate = (megabytes) => {
  const memory = new WebAssembly.Memory({ initial: megabytes * 16 });
  new Uint8Array(memory.buffer).fill(1);
  native.push(memory);
};
allocate(200);
export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    allocate(10);
    await send({ type: "telegram.send_message", text: String(native.length) });
  }
};`;

type User = Awaited<ReturnType<Simulator["user"]>>;

const say = async (user: User, text = "x") => {
  await user.sendText(text);
  return await nextText(user);
};

const REPLACED = "workers have been replaced";

/** Lines that the application printed in a worker. */
const printed = (bot: BotHere, worker: number) =>
  bot.log.filter((line) => line.worker === worker && /one|two|three/.test(line.msg)).map(({ msg }) => msg);

/** Resolves when at least `times` lines of the log match. */
const logged = (bot: Bot | BotHere, what: string | RegExp, times = 1) =>
  bot.process.finds(() => matching(bot, what) >= times, `${times} times ${what}`);

const matching = (bot: Bot | BotHere, what: string | RegExp) => bot.log.filter(({ msg }) => msg.match(what)).length;

describe("SIGHUP", () => {
  test("SIGHUP replaces the workers one by one, each with its lifespan and a disconnect", async () => {
    await using project = await Project.create();
    const bot = await project.start("--workers", "2");
    const users = [await project.simulator.user("ann"), await project.simulator.user("ben")];
    for (const user of users) assert.equal(await say(user), "one 1");
    project.change("two");
    for (const user of users) assert.equal(await say(user), "one 2");
    bot.process.signal("SIGHUP");
    await logged(bot, REPLACED);
    for (const user of users) assert.equal(await say(user), "two 1");
    for (const worker of [0, 1]) {
      const lines = printed(bot, worker);
      assert.deepEqual([lines[0], lines[1], lines.at(-1)], ["startup of one", "startup of two", "shutdown of one"]);
    }
    const ended = bot.log.filter(({ msg }) => msg.includes("ends:")).map(({ msg }) => msg);
    assert.deepEqual(ended, ["one ends: reload", "one ends: reload"]);
    assert.equal((await bot.end()).code, 0);
    assert.equal(matching(bot, "shutdown of two"), 2);
  });

  test("SIGHUP leaves the old code running where the new code does not start, and logs the reason", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    const ann = await project.simulator.user("ann");
    assert.equal(await say(ann), "one 1");
    project.write("nested.cjs", "module.exports = (;");
    bot.process.signal("SIGHUP");
    const { error } = await bot.logged(({ msg }) => msg.startsWith("a worker could not be replaced"));
    assert.match(error!, /could not be imported: .*SyntaxError/s);
    assert.match(error!, /nested\.cjs/);
    assert.equal(await say(ann), "one 2");
    project.change("two");
    bot.process.signal("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal(await say(ann), "two 1");
    assert.equal((await bot.end()).code, 0);
  });

  test("SIGHUP leaves the old code running where the new code's lifespan startup fails", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    project.write(
      "bot.ts",
      BOT.replace("startup.complete", "startup.failed").replace("{ type", '{ message: "no database", type'),
    );
    bot.process.signal("SIGHUP");
    const { error } = await bot.logged(({ msg }) => msg.startsWith("a worker could not be replaced"));
    assert.match(error!, /startup failed: no database/);
    assert.equal(await say(await project.simulator.user("ann")), "one 1");
  });

  test("SIGHUP ends an instance that does not finish in time, and its events are delivered again", async () => {
    await using project = await Project.create();
    project.write("bot.ts", HANGING);
    const bot = await project.start("--shutdown-timeout", "0.2");
    const ann = await project.simulator.user("ann");
    for (const text of ["a", "b"]) await ann.sendText(text);
    await bot.process.says("hanging");
    project.write("bot.ts", HANGING.replace("attempt === 1", "false"));
    bot.process.signal("SIGHUP");
    await logged(bot, "did not finish in time");
    assert.equal(await nextText(ann), "a, attempt 2");
    assert.equal(await nextText(ann), "b, attempt 2");
    assert.equal((await bot.end()).code, 0);
  });

  test("SIGHUP before the server serves reloads as soon as it serves", async () => {
    await using project = await Project.create();
    await using bot = new BotHere("bot.ts", project.simulator, ["--no-inbox", "--workers", "1"], {
      cwd: project.folder.path,
    });
    await bot.process.says("startup of one");
    bot.process.signal("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal((await bot.end()).code, 0);
  });

  test("SIGHUP many times at once leads to a few reloads", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    for (let i = 0; i < 20; i++) bot.process.signal("SIGHUP");
    await logged(bot, REPLACED);
    assert.equal(await say(await project.simulator.user("ann")), "one 1");
    assert.equal((await bot.end()).code, 0);
    const starts = matching(bot, "startup of one");
    assert.ok(starts >= 2 && starts <= 4, `${starts} starts, the first included`);
  });

  test("SIGTERM during a reload ends the server", async () => {
    await using project = await Project.create();
    const bot = await project.start();
    bot.process.signal("SIGHUP");
    await bot.process.says("reloading");
    assert.equal((await bot.end()).code, 0);
  });
});

describe("--reload", () => {
  test("--reload replaces the workers when an imported file changes, however deep or late it was imported", async () => {
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
      [[project.folder.join("nested.cjs")], [project.folder.join("later.ts")]],
    );
    assert.equal((await bot.end()).code, 0);
  });

  test("--reload keeps the old code while a file is broken or missing, and goes on when it is mended", async () => {
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
    rmSync(project.folder.join("new.cjs"));
    await logged(bot, failed, 3);
    project.write("new.cjs", 'module.exports = "three";');
    await logged(bot, REPLACED, 2);
    assert.equal(await say(ann), "three 1");
    assert.equal((await bot.end()).code, 0);
  });
});

test("--recycle-after replaces a worker that has settled so many events", async () => {
  await using project = await Project.create();
  const bot = await project.start("--workers", "2", "--recycle-after", "6");
  const ann = await project.simulator.user("ann");
  project.change("two");
  for (let i = 0; i < 6; i++) await say(ann);
  // The first worker is recycled after six events, the second one for the first time after three: this user is with either.
  await logged(bot, REPLACED);
  assert.equal(matching(bot, "has settled its 6 events and is recycled"), 1);
  assert.equal(await say(ann), "two 1");
  assert.equal((await bot.end()).code, 0);
});

/** Resident memory of a process, or the most that it has had so far, in MB. */
function residentOf(pid: number, figure: "VmRSS" | "VmHWM" = "VmRSS"): number {
  const [, kilobytes] = new RegExp(`${figure}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) / 1024;
}

test("--memory-limit replaces the worker with the most memory, and frees it", {
  skip: process.platform !== "linux" && "memory is read from /proc",
}, async () => {
  await using project = await Project.create();
  const args = ["--workers", "2", "--no-inbox", "--memory-limit", "330"];
  // The memory is that of a whole process.
  await using bot = new Bot("bot.ts", project.simulator, args, { cwd: project.folder.path });
  await bot.process.says("serving");
  const ann = await project.simulator.user("ann");
  await say(ann, "grow");
  const { worker, resident, memory } = await bot.logged(({ msg }) => msg.startsWith("above --memory-limit"));
  assert.ok((resident as number) >= 330);
  assert.ok((memory as number[])[worker!]! >= 300, `${memory}`);
  await logged(bot, REPLACED);
  assert.equal(await say(ann), "one 1");
  const resides = () => residentOf(bot.process.process.pid!);
  await eventually(
    () => resides() <= 330,
    () => `${resides()} MB`,
  );
  assert.equal((await bot.end()).code, 0);
});

test("a model of 200 MB outside of the heap in two workers stays within 840 MB at reloads, and a leak of it is noticed in time", {
  skip: process.platform !== "linux" && "memory is read from /proc",
}, async () => {
  await using project = await Project.create();
  project.write("bot.ts", MODEL);
  // The default in a container of 840 MB.
  const limit = 0.9 * 840;
  const args = ["--workers", "2", "--no-inbox", "--memory-limit", `${limit}`];
  await using bot = new Bot("bot.ts", project.simulator, args, { cwd: project.folder.path });
  await bot.process.says("serving");
  const { pid } = bot.process.process;
  assert.ok(residentOf(pid!) >= 400);
  bot.process.signal("SIGHUP");
  await logged(bot, REPLACED);
  const ann = await project.simulator.user("ann");
  while (residentOf(pid!) < limit) assert.ok(Number(await say(ann)) > 1);
  const { worker, memory } = await bot.logged(({ msg }) => msg.startsWith("above --memory-limit"));
  assert.ok((memory as number[])[worker!]! >= 200, `${memory}`);
  await logged(bot, REPLACED, 2);
  assert.ok(Number(await say(ann)) > 1);
  const most = residentOf(pid!, "VmHWM");
  assert.ok(most <= 840, `${most} MB`);
  assert.equal((await bot.end()).code, 0);
});
