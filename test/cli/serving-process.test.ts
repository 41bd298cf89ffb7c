import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Folder } from "../folder.ts";
import { Asgigram } from "./asgigram.ts";
import { BotApiStandIn, TOKEN } from "./bot-api-stand-in.ts";
import { InProcess } from "./in-process.ts";

const api = await BotApiStandIn.start();
const folder = new Folder();
after(async () => {
  await api[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const FILES = {
  "package.json": '{ "type": "module" }',
  "good.ts":
    "export const application = async (scope: object, receive: () => Promise<object>) => void (await receive());",
  // What it says would clear the screen, and turn the direction of the text.
  "hostile.ts": `export const application = async (scope, receive, send) => {
    if (scope.type !== "lifespan") return;
    await receive();
    await send({ type: "lifespan.startup.failed", message: "no\\u001b[2J\\u202e way" });
  };`,
  // Its shutdown never ends.
  "stubborn.ts": `export const application = async (scope, receive, send) => {
    if (scope.type !== "lifespan") return;
    await receive();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await new Promise(() => setInterval(() => {}, 1000));
  };`,
  // Its shutdown ends when there is a file.
  "slow-to-stop.ts": `import { existsSync } from "node:fs";
  export const application = async (scope, receive, send) => {
    if (scope.type !== "lifespan") return;
    await receive();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    console.error("waiting for the file");
    while (!existsSync(new URL("go", import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 20));
    await send({ type: "lifespan.shutdown.complete" });
  };`,
  "polite.ts": `export const application = async (scope, receive, send) => {
    if (scope.type !== "lifespan") return;
    await receive();
    await send({ type: "lifespan.startup.complete" });
    console.error("up with it");
    await receive();
    console.error("down with it");
    await send({ type: "lifespan.shutdown.complete" });
  };`,
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder.path, name), content);

const OPTIONS = {
  cwd: folder.path,
  env: { ASGIGRAM_TOKEN: TOKEN, ASGIGRAM_API_URL: api.url, ASGIGRAM_WORKERS: "1", ASGIGRAM_INBOX: "off" },
};
const NOTHING_THERE = ["--api-url", "http://127.0.0.1:1"];

test("the message with which the process ends has no control characters", async () => {
  await using server = new InProcess(["hostile.ts"], OPTIONS);
  assert.equal((await server.exit()).code, 3);
  assert.match(server.stderr, /^asgigram: .*no\\u001b\[2J\\u202e way/m);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} stops the server cleanly`, async () => {
    await using server = new InProcess(["good.ts"], OPTIONS);
    await server.says("serving");
    server.signal(signal);
    assert.equal((await server.exit()).code, 0);
  });
}

test("a second signal ends the process at once, with the signal's exit code", async () => {
  await using server = new Asgigram(["stubborn.ts", "--shutdown-timeout", "600"], OPTIONS);
  await server.says("serving");
  server.process.kill("SIGINT");
  await server.says("stopping");
  server.process.kill("SIGTERM");
  assert.equal((await server.exit()).code, 143);
});

test("a signal while Telegram cannot be reached ends the server, which has started no application", async () => {
  await using server = new InProcess(["polite.ts", ...NOTHING_THERE], OPTIONS);
  await server.says("trying again");
  server.signal("SIGTERM");
  const { code, stderr } = await server.exit();
  assert.doesNotMatch(stderr, /up with it|down with it/);
  assert.equal(code, 0, stderr);
});

test("a signal while the application starts ends the server, with the application's shutdown", async () => {
  await using server = new InProcess(["polite.ts"], OPTIONS);
  await server.says("up with it");
  server.signal("SIGTERM");
  const { code, stderr } = await server.exit();
  assert.match(stderr, /down with it/);
  assert.equal(code, 0, stderr);
});

test("SIGUSR2 ends nothing, also before the server serves, and turns the level of the log", async () => {
  await using server = new InProcess(["good.ts", ...NOTHING_THERE], OPTIONS);
  server.signal("SIGUSR2");
  await server.says("trying again");
  for (const level of ["debug", "trace", "info"]) {
    server.signal("SIGUSR2");
    await server.says(`the log level is now ${level}`);
  }
  server.signal("SIGTERM");
  assert.equal((await server.exit()).code, 0);
});

test("SIGHUP reloads the application", async () => {
  await using server = new InProcess(["good.ts"], OPTIONS);
  await server.says("serving");
  server.signal("SIGHUP");
  await server.says("reloading the application");
});

test("SIGHUP and SIGUSR2 end nothing while the server stops", async () => {
  await using server = new InProcess(["slow-to-stop.ts", "--shutdown-timeout", "600"], OPTIONS);
  await server.says("serving");
  server.signal("SIGTERM");
  await server.says("waiting for the file");
  server.signal("SIGHUP");
  server.signal("SIGUSR2");
  await server.says("the log level is now");
  folder.write("go", "");
  const { code, stderr } = await server.exit();
  assert.equal(code, 0, stderr);
});
