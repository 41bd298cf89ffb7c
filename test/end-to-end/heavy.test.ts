import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { runHere } from "../cli/in-process.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { Bot, BotHere, nextText } from "./bot.ts";

const INDEX = new URL("../../src/index.ts", import.meta.url).href;

/** Answers with what its heavy function makes of the text. "wait" waits for a file; what follows waits behind it. */
const BOT = `import { offload, shared } from "${INDEX}";
const { label, wait } = offload(new URL("./work.ts", import.meta.url), { threads: 1 });
const { sign } = await shared(new URL("./sign.ts", import.meta.url));
export const application = async (scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    const text = event.text.startsWith("wait") ? await wait(event.text) : await label(event.text);
    await send({ type: "telegram.send_message", text: text + sign });
  }
};`;

/** Names its heavy module when its lifespan starts. */
const STARTING_BOT = `import { offload } from "${INDEX}";
export const application = async (scope, receive, send) => {
  if (scope.type !== "lifespan") return void (await receive());
  await receive();
  offload(new URL("./work.ts", import.meta.url), { threads: 1 });
  await send({ type: "lifespan.startup.complete" });
  await receive();
  await send({ type: "lifespan.shutdown.complete" });
};`;

const WORK = `import { existsSync } from "node:fs";
import { version } from "./version.ts";
export const warmUp = () => console.log("warm", version);
export const label = (text) => text + " " + version;
export const wait = async (file) => {
  console.log("waiting");
  while (!existsSync(new URL(file, import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 10));
  return "done " + version;
};`;

class Project implements AsyncDisposable {
  readonly folder = new Folder();
  readonly simulator: Simulator;
  #bot: Bot | BotHere | undefined;

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
    this.write("package.json", '{ "type": "module" }');
    this.write("bot.ts", BOT);
    this.write("work.ts", WORK);
    this.write("sign.ts", 'export default () => ({ sign: "!" });');
    this.change("one");
  }

  static async create(): Promise<Project> {
    return new Project(await Simulator.start());
  }

  write(name: string, text: string): void {
    this.folder.write(name, text);
  }

  read(name: string): string {
    return readFileSync(this.folder.join(name), "utf8");
  }

  change(version: string): void {
    this.write("version.ts", `export const version = "${version}";`);
  }

  async start(...args: string[]): Promise<BotHere> {
    const bot = new BotHere("bot.ts", this.simulator, ["--workers", "1", ...args], { cwd: this.folder.path });
    this.#bot = bot;
    await bot.process.says("serving");
    return bot;
  }

  /** Starts it in a process of its own: names of modules begin at that process's working directory. */
  async startProcess(...args: string[]): Promise<Bot> {
    const bot = new Bot("bot.ts", this.simulator, ["--workers", "2", ...args], { cwd: this.folder.path });
    this.#bot = bot;
    await bot.process.says("serving");
    return bot;
  }

  /** The way in which a start fails. */
  async fails(): Promise<{ code: number | null; stderr: string }> {
    await using bot = new BotHere("bot.ts", this.simulator, ["--no-inbox", "--workers", "1"], {
      cwd: this.folder.path,
    });
    const { code } = await bot.process.exit();
    return { code, stderr: bot.process.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bot?.[Symbol.asyncDispose]();
    await this.simulator.close();
    this.folder[Symbol.dispose]();
  }
}

type User = Awaited<ReturnType<Simulator["user"]>>;

const say = async (user: User, text = "x") => {
  await user.sendText(text);
  return await nextText(user);
};

const REPLACED = ({ msg }: { msg: string }) => msg === "workers have been replaced";

describe("heavy threads in the server's life", () => {
  test("modules are warm before polling begins; a reload brings new code, and the old threads end", async () => {
    await using project = await Project.create();
    const bot = await project.startProcess("--no-inbox", "--listen", "127.0.0.1:0");
    const messages = bot.log.map(({ msg }) => msg);
    assert.ok(messages.indexOf("warm one") < messages.indexOf("serving"), messages.join("\n"));
    assert.equal(bot.log.find(({ msg }) => msg === "warm one")!.module, "work.ts");
    const ann = await project.simulator.user("ann");
    assert.equal(await say(ann), "x one!");
    project.change("two");
    bot.process.process.kill("SIGHUP");
    await bot.logged(REPLACED);
    assert.equal(await say(ann), "x two!");
    const { url } = await bot.logged(({ msg }) => msg === "listening");
    // The answer comes a moment before the thread is known to be free.
    let metrics = "";
    const counted = async () => {
      metrics = await (await fetch(`${url}/metrics`)).text();
      return /^asgigram_job_run_seconds_count\{module="work\.ts"\} 2$/m.test(metrics);
    };
    await eventually(counted, () => metrics);
    assert.match(metrics, /^asgigram_heavy_threads\{module="work\.ts"\} 1$/m);
    assert.match(metrics, /^asgigram_jobs_waiting\{module="work\.ts"\} 0$/m);
    assert.match(metrics, /^asgigram_heavy_thread_crashes_total\{module="work\.ts"\} 0$/m);
    assert.equal((await bot.end()).code, 0);
  });

  for (const [what, file, code, reason] of [
    [
      "module that cannot be loaded",
      "work.ts",
      `${WORK}\nthrow new Error("no model");`,
      /work\.ts could not be loaded in a heavy thread: it threw Error: no model/,
    ],
    [
      "shared value that cannot be made",
      "sign.ts",
      'export default () => { throw new Error("no sign"); };',
      /it threw Error: no sign/,
    ],
  ] as const) {
    test(`a ${what} at a reload leaves the old code running`, async () => {
      await using project = await Project.create();
      const bot = await project.start("--no-inbox");
      project.change("two");
      project.write(file, code);
      bot.process.signal("SIGHUP");
      const { error } = await bot.logged(({ msg }) => msg.startsWith("a worker could not be replaced"));
      assert.match(error!, reason);
      assert.equal(await say(await project.simulator.user("ann")), "x one!");
      assert.equal((await bot.end()).code, 0);
    });
  }

  test("a start ends with exit code 3 if a module cannot be loaded, or a shared value cannot be made", async () => {
    await using project = await Project.create();
    project.write("work.ts", `${WORK}\nthrow new Error("no model");`);
    const unloaded = await project.fails();
    assert.match(unloaded.stderr, /work\.ts could not be loaded in a heavy thread: it threw Error: no model/);
    project.write("work.ts", WORK);
    project.write("sign.ts", 'export default () => { throw new Error("no sign"); };');
    const unshared = await project.fails();
    assert.match(unshared.stderr, /it threw Error: no sign/);
    assert.deepEqual([unloaded.code, unshared.code], [3, 3]);
  });

  test("a module that lifespan startup names is warm before polling begins, and its failure ends the start", async () => {
    await using project = await Project.create();
    project.write("bot.ts", STARTING_BOT);
    const bot = await project.start("--no-inbox");
    const messages = bot.log.map(({ msg }) => msg);
    assert.ok(messages.indexOf("warm one") < messages.indexOf("serving"), messages.join("\n"));
    assert.equal((await bot.end()).code, 0);
    project.write("work.ts", `${WORK}\nthrow new Error("no model");`);
    const { code, stderr } = await project.fails();
    assert.match(stderr, /work\.ts could not be loaded in a heavy thread: it threw Error: no model/);
    assert.equal(code, 3);
  });

  for (const hanging of ["bot.ts", "work.ts", "sign.ts"]) {
    test(`a start that hangs while ${hanging} is imported is stopped at once`, async () => {
      await using project = await Project.create();
      project.write(hanging, `console.log("importing"); await new Promise(() => {});\n${project.read(hanging)}`);
      await using bot = new BotHere("bot.ts", project.simulator, ["--no-inbox", "--workers", "1"], {
        cwd: project.folder.path,
      });
      await bot.logged(({ msg }) => msg === "importing");
      await bot.end();
      assert.doesNotMatch(bot.process.stderr, /not everything was finished/);
    });
  }

  test("--reload watches the files that heavy modules import", async () => {
    await using project = await Project.create();
    const bot = await project.start("--no-inbox", "--reload");
    project.change("two");
    await bot.logged(REPLACED);
    assert.equal(await say(await project.simulator.user("ann")), "x two!");
  });

  test("at a stop a job that runs is finished, and the event of one that waits is kept for the next start", async () => {
    await using project = await Project.create();
    const bot = await project.startProcess("--listen", "127.0.0.1:0");
    const [ann, ben] = [await project.simulator.user("ann"), await project.simulator.user("ben")];
    await ann.sendText("wait-for-it");
    await bot.logged(({ msg }) => msg === "waiting");
    await ben.sendText("later");
    const { url } = await bot.logged(({ msg }) => msg === "listening");
    const waiting = async (jobs: number) => {
      let seen = "";
      await eventually(
        async () => {
          seen = await (await fetch(`${url}/metrics`)).text();
          return seen.includes(`asgigram_jobs_waiting{module="work.ts"} ${jobs}`);
        },
        () => `${seen.match(/asgigram_job.*/g)?.join("\n")} ${bot.process.stderr}`,
      );
    };
    await waiting(1);
    const end = bot.end();
    await bot.process.says("stopping");
    await waiting(0);
    project.write("wait-for-it", "");
    assert.equal((await end).code, 0);
    assert.equal(await nextText(ann), "done one!");
    project.change("two");
    await project.start();
    assert.equal(await nextText(ben), "later two!");
  });

  test("a job that goes on beyond --shutdown-timeout is ended, and its event comes again", async () => {
    await using project = await Project.create();
    const bot = await project.start("--shutdown-timeout", "0.2");
    const ann = await project.simulator.user("ann");
    await ann.sendText("wait-for-ever");
    await bot.logged(({ msg }) => msg === "waiting");
    assert.equal((await bot.end()).code, 0);
    project.write("wait-for-ever", "");
    await project.start();
    assert.equal(await nextText(ann), "done one!");
  });
});

test("asgigram check loads the modules", async () => {
  await using project = await Project.create();
  const check = async () => {
    const env = { ASGIGRAM_TOKEN: project.simulator.token, ASGIGRAM_API_URL: project.simulator.url };
    const { code, stdout, stderr } = await runHere(["check", "bot.ts"], { cwd: project.folder.path, env });
    return { code, text: stdout + stderr };
  };
  const good = await check();
  assert.equal(good.code, 0, good.text);
  assert.match(good.text, /warm one/);
  project.write("work.ts", `${WORK}\nthrow new Error("no model");`);
  const bad = await check();
  assert.match(
    bad.text,
    /problem +application.*work\.ts could not be loaded in a heavy thread: it threw Error: no model/,
  );
  assert.notEqual(bad.code, 0);
});
