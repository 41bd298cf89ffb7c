import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { startChild } from "../../child.ts";
import { COMPILED } from "../../cli/asgigram.ts";
import { eventually } from "../../eventually.ts";
import { Folder } from "../../folder.ts";
import { Flag, fixture, type TestCall, TestHeavy } from "../../heavy/client.ts";

const WORK = fixture("work.ts");

/** A module in child processes. */
class Children extends TestHeavy {
  static async start(): Promise<Children> {
    const children = new Children({
      words: { printed: (...line) => children.lines.push(line.slice(1).join(": ")), said() {} },
    });
    await children.caller.load(WORK, { process: true });
    return children;
  }

  readonly lines: string[] = [];

  call(name: string, ...args: unknown[]): TestCall {
    return this.caller.call(WORK, name, args);
  }
}

test("a function runs in a child process, which is loaded and warm", async () => {
  await using children = await Children.start();
  const place = (await children.call("place").result) as { pid: number; isWarm: boolean };
  assert.notEqual(place.pid, process.pid);
  assert.ok(place.isWarm);
  assert.equal(await children.call("add", 1, 2).result, 3);
});

test("errors keep their keys, bytes arrive, and shared memory is refused", async () => {
  await using children = await Children.start();
  const error = (await children.call("fail").result.catch((error) => error)) as Error;
  assert.deepEqual(
    { text: `${error}`, ...error },
    { text: "RangeError: too large", code: "E_LARGE", limit: { most: 3 } },
  );
  assert.equal(((await children.call("give", 9).result) as Uint8Array).byteLength, 9);
  await assert.rejects(children.call("block", new Flag().memory).result, /SharedArrayBuffer/);
  assert.equal(await children.call("add", 1, 2).result, 3, "and the child goes on");
});

test("jobs follow one another closely, and the end of one does not reach the next", async () => {
  await using children = await Children.start();
  for (let i = 0; i < 500; i++) assert.equal(await children.call("add", i, 1).result, i + 1);
});

test("a generator yields step by step, and ends early", async () => {
  await using children = await Children.start();
  const job = children.call("count", 3);
  assert.deepEqual(await job.next(), { type: "generator" });
  job.tell({ type: "next" });
  assert.deepEqual(await job.next(), { type: "yielded", value: 1 });
  job.tell({ type: "return" });
  assert.deepEqual(await job.next(), { type: "returned", value: undefined });
});

test("a child that dies rejects its job with the cause; another one takes its place, warm", async () => {
  await using children = await Children.start();
  const causes = { segfault: "was ended by SIGSEGV", exit: "ended with code 3" };
  for (const [name, cause] of Object.entries(causes)) {
    await assert.rejects(children.call(name, 3).result, {
      name: "JobCrashedError",
      message: `${name}() of test/fixtures/heavy/work.ts did not finish: its child process ${cause}`,
    });
    assert.ok(((await children.call("place").result) as { isWarm: boolean }).isWarm);
  }
});

test("an error that a job leaves behind ends the child, but not the job that runs there meanwhile", async () => {
  await using children = await Children.start();
  const { pid } = (await children.call("place").result) as { pid: number };
  assert.equal(await children.call("strayLater").result, "over");
  assert.equal(await children.call("meet").result, "met");
  assert.notEqual(((await children.call("place").result) as { pid: number }).pid, pid);
  const line = "stderr: an earlier job left an uncaught error: Error: stray";
  await eventually(
    () => children.lines.includes(line),
    () => children.lines,
  );
});

test("a function that does not heed its time limit is killed with its child", async ({ mock }) => {
  await using children = await Children.start();
  const { pid } = (await children.call("place").result) as { pid: number };
  mock.timers.enable({ apis: ["setTimeout"] });
  const late = children.caller.call(WORK, "sayAndBlock", [], { timeout: 20 });
  await eventually(
    () => children.lines.includes("stdout: begun"),
    () => children.lines,
  );
  mock.timers.tick(20);
  await assert.rejects(late.result, { name: "TimeoutError" });
  const next = children.call("place");
  mock.timers.tick(2000);
  assert.notEqual(((await next.result) as { pid: number }).pid, pid);
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("a signal to all processes of the server does not end a child", {
  skip: process.platform === "win32",
}, async () => {
  await using children = await Children.start();
  const { pid } = (await children.call("place").result) as { pid: number };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.kill(pid, signal);
  assert.equal(((await children.call("place").result) as { pid: number }).pid, pid);
  assert.equal(children.status[0]!.crashes, 0);
});

test("a function that heeds its signal keeps its child", async () => {
  await using children = await Children.start();
  const late = children.caller.call(WORK, "heed", [], { timeout: 1 });
  await assert.rejects(late.result, { name: "TimeoutError" });
  assert.equal(((await children.call("place").result) as { calls: number }).calls, 1);
  assert.equal(children.status[0]!.crashes, 0);
});

test("a child gets neither the token nor the server's environment, also where an option of Node.js names a file with it", () => {
  using folder = new Folder();
  folder.write(".env", "ASGIGRAM_TOKEN=1:secret\nOTHER=secret\n");
  folder.write(
    "main.ts",
    `
    import { TestHeavy, fixture } from ${JSON.stringify(new URL("../../heavy/client.ts", import.meta.url).href)};
    await using heavy = new TestHeavy();
    await heavy.caller.load(fixture("work.ts"), { process: true });
    const environment = await heavy.caller.call(fixture("work.ts"), "environment").result;
    console.log(JSON.stringify(Object.keys(environment)));
    `,
  );
  const { stdout, stderr } = spawnSync(process.execPath, ["--env-file", ".env", "main.ts"], {
    cwd: folder.path,
    encoding: "utf8",
    env: { ...process.env, ASGIGRAM_PROXY: "http://proxy.test", NODE_OPTIONS: "", NODE_COMPILE_CACHE: COMPILED },
  });
  const names: string[] = JSON.parse(stdout || stderr);
  assert.ok(names.includes("NODE_COMPILE_CACHE"), "it starts with compiled code");
  const known = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "SystemRoot", "TEMP", "NODE_COMPILE_CACHE"];
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
  );
});

test("code that works in a main thread alone runs in a child process; an error of it there has no further remedy", async () => {
  using folder = new Folder();
  await using heavy = new TestHeavy();
  const module = fixture("main-thread-only.ts");
  await heavy.caller.load(module, { process: true });
  assert.notEqual(await heavy.caller.call(module, "pid").result, process.pid);
  const broken = folder.write("broken.mjs", 'throw new Error("Module did not self-register");');
  await assert.rejects(heavy.caller.load(pathToFileURL(broken).href, { process: true }), /self-register$/);
});

test("a module that could not be loaded in a child process is tried again in a child process, not in this one", async () => {
  using folder = new Folder();
  await using heavy = new TestHeavy();
  const module = pathToFileURL(folder.join("place.mjs")).href;
  folder.write("place.mjs", "export const pid = () => process.pid; process.exit(4);");
  await assert.rejects(heavy.caller.load(module, { process: true }), /its child process ended with code 4/);
  folder.write("place.mjs", "export const pid = () => process.pid;");
  assert.notEqual(await heavy.caller.call(module, "pid").result, process.pid);
});

test("a child's output is reported by line", async () => {
  await using children = await Children.start();
  await children.call("print", "hello").result;
  await eventually(
    () => children.lines.length === 2,
    () => children.lines,
  );
  assert.deepEqual(children.lines.sort(), ["stderr: not hello", "stdout: hello"]);
});

test("offload() and shared() say that they do not work in a child process", async () => {
  await using heavy = new TestHeavy();
  await assert.rejects(heavy.caller.load(fixture("uses-table.ts"), { process: true }), {
    name: "ApplicationLoadError",
    message: /could not be loaded in a child process: it threw .*offload\(\) and shared\(\) work in threads only/,
  });
});

test("close() ends the child processes", async () => {
  const children = await Children.start();
  const { pid } = (await children.call("place").result) as { pid: number };
  await children.close();
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("a child that computes ends soon after its server was killed", {
  skip: process.platform === "win32" && "Windows gives a process no other parent",
}, async (t) => {
  using folder = new Folder();
  const client = JSON.stringify(new URL("../../heavy/client.ts", import.meta.url).href);
  folder.write(
    "main.ts",
    `
    import { TestHeavy, fixture } from ${client};
    const heavy = new TestHeavy();
    await heavy.caller.load(fixture("work.ts"), { process: true });
    console.log((await heavy.caller.call(fixture("work.ts"), "place").result).pid);
    await heavy.caller.call(fixture("work.ts"), "sayAndBlock").result;
    `,
  );
  const server = startChild(process.execPath, ["main.ts"], { cwd: folder.path, stdio: "pipe" });
  const lines: string[] = [];
  createInterface(server.stdout).on("line", (line) => lines.push(line));
  await eventually(
    () => lines.length === 2,
    () => lines,
  );
  const pid = Number(lines[0]);
  t.after(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {}
  });
  assert.equal(lines[1], "begun");
  server.kill("SIGKILL");
  await eventually(
    () => !isAlive(pid),
    () => `process ${pid} is alive`,
  );
});

/** A process that has ended, but whose parent does not ask for its end, counts as ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === "linux" ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}
