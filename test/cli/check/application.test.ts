import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ApplicationOptions, checkApplication } from "../../../src/cli/check/application.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-check-"));
after(() => rm(folder, { recursive: true }));

/** An application with a lifespan, and with code for its import, its startup and its shutdown. */
const lifespan = (atImport: string, atStart: string, atEnd: string) => `${atImport};
  export const application = async ({ type }, receive, send) => {
    if (type !== "lifespan") return;
    await receive();
    ${atStart};
    await send({ type: "lifespan.startup.complete" });
    await receive();
    ${atEnd};
    await send({ type: "lifespan.shutdown.complete" });
  };`;

async function check(code: string, options: Partial<ApplicationOptions> = {}) {
  await writeFile(join(folder, "bot.mjs"), code);
  const printed: string[] = [];
  const findings = await checkApplication({
    application: "bot.mjs",
    directory: folder,
    interface: "auto",
    imports: [],
    lifespan: "auto",
    workerMemory: Number.POSITIVE_INFINITY,
    shutdownTimeout: 8000,
    bot: 123456,
    programWorkers: 1,
    print: (line) => printed.push(line),
    ...options,
  });
  return { printed, found: findings.map(({ is, text }) => `${is}: ${text}`), findings };
}

test("an application starts up and shuts down, and its output is handed over", async () => {
  const { found, printed } = await check(
    lifespan("console.log('imported')", "console.log('up')", "console.log('down')"),
  );
  assert.deepEqual(found, ["ok: bot.mjs starts up and shuts down"]);
  assert.deepEqual(printed, ["imported", "up", "down"]);
});

test("an application without a lifespan is imported, and the finding says so", async () => {
  const { found } = await check("export default async (scope, receive) => void (await receive());");
  assert.deepEqual(found, ["ok: bot.mjs can be imported; no lifespan: the application returned on lifespan.startup"]);
});

test("timers that an application leaves open end with the check", async () => {
  const { found } = await check(lifespan("setInterval(() => {}, 10)", "", "setInterval(() => {}, 10)"));
  assert.deepEqual(found, ["ok: bot.mjs starts up and shuts down"]);
});

const TROUBLE: { [what: string]: [code: string, found: RegExp, code: string, options?: Partial<ApplicationOptions>] } =
  {
    "a module that throws": [
      "throw new Error('no database')",
      /could not be imported.*no database\n.*at file/s,
      "LOAD",
    ],
    "a startup that fails": [
      "export default async (_, receive, send) => { await send({ type: 'lifespan.startup.failed', message: 'no' }); }",
      /startup failed: no/,
      "STARTUP",
    ],
    "a startup that has no end": [
      lifespan("", "await new Promise(() => setInterval(() => {}, 10))", ""),
      /not started up within 1 s/,
      "STARTUP",
      { startupTimeout: 1000 },
    ],
    "a shutdown that has no end": [
      lifespan("", "", "await new Promise(() => setInterval(() => {}, 10))"),
      /not shut down within 1 s/,
      "STARTUP",
      { shutdownTimeout: 1000 },
    ],
    "an end of its own making": [lifespan("", "process.exit(3)", ""), /process\.exit\(3\) was called/, "WORKER"],
    "an uncaught error": [
      lifespan("", "", "setImmediate(() => { throw new Error('gone') }); await new Promise(() => {})"),
      /an uncaught exception ends the worker.*gone/s,
      "WORKER",
    ],
  };

for (const [what, [code, expected, error, options]] of Object.entries(TROUBLE)) {
  test(`${what} is a problem`, async () => {
    const { found, findings } = await check(code, options);
    assert.match(found[0]!, /^problem: /);
    assert.match(found[0]!, expected);
    assert.match((findings[0]!.error as Error & { code: string }).code, new RegExp(error));
  });
}

test("a shutdown that fails is a warning", async () => {
  const { found } = await check(
    lifespan("", "", "await send({ type: 'lifespan.shutdown.failed', message: 'left open' }); return"),
  );
  assert.deepEqual(found, ["warning: the application's shutdown failed: left open"]);
});

/** A program that has a server and a timer, and makes a call before it starts its bot. */
const PROGRAM = `import { createServer } from "node:http";
  import { Bot } from ${JSON.stringify(import.meta.resolve("grammy"))};
  const bot = new Bot("123456:" + "A".repeat(35));
  createServer().listen(0);
  setInterval(() => {}, 1000);
  await bot.api.setMyCommands([]);
  process.once("SIGTERM", () => { console.log("stopped"); process.exit(); });
  bot.start();`;

test("a program starts its bot and gets SIGTERM; the finding names its library and its way to start", async () => {
  const { found, printed } = await check(PROGRAM);
  assert.equal(found.length, 1);
  assert.match(found[0]!, /^ok: bot\.mjs is a bot's program: grammY 1\.\d+\.\d+, started by bot\.start\(\)$/);
  assert.deepEqual(printed, ["stopped"]);
});

test("without a token of the server's, that in a program's code does", async () => {
  const { found } = await check(PROGRAM, { bot: undefined });
  assert.match(found.join(), /^ok: bot\.mjs is a bot's program/);
});

test("what goes wrong in several workers of a program is a warning if there are several", async () => {
  const { found } = await check(PROGRAM, { programWorkers: 3 });
  assert.deepEqual(found.slice(1), [
    "warning: each of the 3 workers listens on port 0 (bot.mjs:4)",
    "warning: each of the 3 workers calls setInterval() (bot.mjs:5)",
  ]);
});
