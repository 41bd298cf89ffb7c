/** /healthz and /readyz of a real server, over HTTP, as things go well and wrong. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Refusal, refuse, Simulator } from "../../simulator/index.ts";
import { type RunningServer, serve } from "../../src/index.ts";
import { Bot, Folder } from "./bot.ts";

const folder = new Folder();
after(() => folder[Symbol.dispose]());
const GATE = join(folder.path, "gate");
process.env.GATE = GATE;

async function start(t: TestContext, simulator: Simulator, more: object = {}): Promise<RunningServer> {
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: join(import.meta.dirname, "apps/gated.ts"),
    workers: 1,
    inbox: false,
    listen: "127.0.0.1:0",
    logLevel: "silent",
    ...more,
  });
  t.after(() => server.stop());
  return server;
}

async function ask(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: await response.json() };
}

/** Asks until /readyz gives one reason that matches. */
async function unready(url: string, check: string, reason: RegExp): Promise<void> {
  for (;;) {
    const { status, body } = await ask(url);
    const { reasons = [] } = body as { reasons?: { check: string; reason: string }[] };
    if (reasons.length === 1 && reasons[0]!.check === check && reason.test(reasons[0]!.reason)) {
      assert.equal(status, 503);
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      return;
    }
    await delay(20);
  }
}

/** Asks until it is ready. */
async function ready(url: string): Promise<void> {
  while ((await ask(url)).status !== 200) await delay(20);
}

const isReady = async ({ statusUrl }: RunningServer) =>
  assert.deepEqual(await ask(statusUrl!), { status: 200, body: { ready: true } });

test("while it starts it is alive, and not ready", async () => {
  const { promise: delayed, resolve: go } = Promise.withResolvers<void>();
  await using simulator = await Simulator.start({
    intercept: async (_call, respond) => {
      await delayed;
      return await respond();
    },
  });
  await using bot = new Bot("apps/echo.ts", simulator, ["--no-inbox", "--workers", "1", "--listen", "127.0.0.1:0"]);
  const { url } = await bot.logged(({ msg }) => msg === "listening");
  await unready(url as string, "phase", /^starting$/);
  go();
  await ready(url as string);
});

test("while it stops it is alive, and not ready; after that nobody answers", async (t) => {
  await using simulator = await Simulator.start();
  const server = await start(t, simulator);
  await isReady(server);
  writeFileSync(GATE, "");
  const ann = await simulator.user("ann");
  await ann.sendText("hi");
  await simulator.confirmed();
  const stopped = server.stop();
  await unready(server.statusUrl!, "phase", /^stopping$/);
  rmSync(GATE);
  await stopped;
  await assert.rejects(fetch(`${server.statusUrl}/healthz`));
});

test("while polls fail it is not ready", async (t) => {
  let isDown = false;
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) =>
      isDown && method === "getUpdates" ? refuse(new Refusal(502, "Bad Gateway")) : await respond(),
  });
  const server = await start(t, simulator);
  isDown = true;
  // The poll that waits is answered, and the next ones are refused.
  await (await simulator.user("ann")).sendText("hi");
  await unready(server.statusUrl!, "polling", /^the last \d+ polls have failed: getUpdates: 502 Bad Gateway$/);
  isDown = false;
  await ready(server.statusUrl!);
});

test("while a worker is down it is not ready", async (t) => {
  await using simulator = await Simulator.start();
  const server = await start(t, simulator, { maxAttempts: 1 });
  writeFileSync(GATE, "");
  await (await simulator.user("ann")).sendText("die");
  await unready(server.statusUrl!, "workers", /^worker 0 is not up$/);
  rmSync(GATE);
  await ready(server.statusUrl!);
});

test("while the inbox cannot be written it is not ready", async (t) => {
  await using simulator = await Simulator.start();
  const inbox = join(folder.path, "inbox.sqlite");
  const server = await start(t, simulator, { inbox });
  await isReady(server);
  const other = new DatabaseSync(inbox);
  other.exec("BEGIN IMMEDIATE");
  await unready(server.statusUrl!, "inbox", /inbox\.sqlite could not be written: database is locked/);
  other.exec("ROLLBACK");
  other.close();
  await isReady(server);
});
