/** /healthz and /readyz of a real server, over HTTP, while it starts, serves, fails and stops. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { Refusal, refuse, Simulator } from "../../simulator/index.ts";
import type { Options, RunningServer } from "../../src/index.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { BotHere, confirmed } from "./bot.ts";
import { startServer } from "./server.ts";

const folder = new Folder();
after(() => folder[Symbol.dispose]());
const GATE = folder.join("gate");
process.env.GATE = GATE;
after(() => delete process.env.GATE);

/** Holds up apps/gated.ts until it is opened. */
class ClosedGate implements Disposable {
  constructor() {
    writeFileSync(GATE, "");
  }

  open(): void {
    rmSync(GATE, { force: true });
  }

  [Symbol.dispose](): void {
    this.open();
  }
}

const start = (simulator: Simulator, options: Options = {}) =>
  startServer("gated", simulator, { listen: "127.0.0.1:0", ...options });

interface Answer {
  status: number;
  body: { ready?: true; reasons?: { check: string; reason: string }[] };
}

async function ask(url: string): Promise<Answer> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

/** Asks until the answer of /readyz matches. */
async function answers(url: string, matches: (answer: Answer) => boolean): Promise<Answer> {
  let last: Answer | undefined;
  return await eventually(
    async () => {
      last = await ask(url);
      return matches(last) && last;
    },
    () => last,
  );
}

/** Asks until /readyz gives one reason that matches. */
async function unready(url: string, check: string, reason: RegExp): Promise<void> {
  const { status } = await answers(url, ({ body: { reasons = [] } }) => {
    return reasons.length === 1 && reasons[0]!.check === check && reason.test(reasons[0]!.reason);
  });
  assert.equal(status, 503);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
}

async function ready(url: string): Promise<void> {
  await answers(url, ({ status }) => status === 200);
}

const isReady = async ({ statusUrl }: RunningServer) =>
  assert.deepEqual(await ask(statusUrl!), { status: 200, body: { ready: true } });

test("a server that starts is alive, and not ready", async () => {
  const { promise: delayed, resolve: go } = Promise.withResolvers<void>();
  await using simulator = await Simulator.start({
    intercept: async (_call, respond) => {
      await delayed;
      return await respond();
    },
  });
  await using bot = new BotHere("apps/echo.ts", simulator, ["--no-inbox", "--workers", "1", "--listen", "127.0.0.1:0"]);
  const { url } = await bot.logged(({ msg }) => msg === "listening");
  await unready(url as string, "phase", /^starting$/);
  go();
  await ready(url as string);
});

test("a server that stops is alive, and not ready; after that it does not answer", async () => {
  await using simulator = await Simulator.start();
  // For as long as this test looks.
  await using server = await start(simulator, { shutdownTimeout: 600 });
  await isReady(server);
  using gate = new ClosedGate();
  const ann = await simulator.user("ann");
  await ann.sendText("hi");
  await confirmed(simulator);
  const stopped = server.stop();
  await unready(server.statusUrl!, "phase", /^stopping$/);
  gate.open();
  await stopped;
  await assert.rejects(fetch(`${server.statusUrl}/healthz`));
});

test("a server whose polls fail is not ready", async () => {
  let isDown = false;
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) =>
      isDown && method === "getUpdates" ? refuse(new Refusal(502, "Bad Gateway")) : await respond(),
  });
  await using server = await start(simulator);
  isDown = true;
  // The poll that waits is answered, and the next ones are refused.
  await (await simulator.user("ann")).sendText("hi");
  await unready(server.statusUrl!, "polling", /^the last \d+ polls have failed: getUpdates: 502 Bad Gateway$/);
  isDown = false;
  await ready(server.statusUrl!);
});

test("a server with a worker that is down is not ready", async () => {
  await using simulator = await Simulator.start();
  await using server = await start(simulator, { maxAttempts: 1 });
  using gate = new ClosedGate();
  await (await simulator.user("ann")).sendText("die");
  await unready(server.statusUrl!, "workers", /^worker 0 is not up$/);
  gate.open();
  await ready(server.statusUrl!);
});

test("a server whose inbox cannot be written is not ready", async () => {
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await using server = await start(simulator, { inbox });
  await isReady(server);
  using other = new DatabaseSync(inbox);
  other.exec("BEGIN IMMEDIATE");
  await unready(server.statusUrl!, "inbox", /inbox\.sqlite could not be written: database is locked/);
  other.exec("ROLLBACK");
  await isReady(server);
});
