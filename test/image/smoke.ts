/**
 * The image, built from the Dockerfile and run as docs/deploy.md says, against a Bot API on this machine.
 * `npm run test:image` finds a container engine.
 */

import assert from "node:assert/strict";
import { chmod, cp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { install } from "../../scripts/install.ts";
import { Simulator } from "../../simulator/simulator.ts";
import { confirmed, nextText } from "../end-to-end/bot.ts";
import { ask } from "../end-to-end/program.ts";
import { Folder } from "../folder.ts";
import { build, Container, engine, inspect } from "./container.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BASE = process.env.NODE ?? "node:26-slim";
const IMAGE = "asgigram";
const VOLUME = "asgigram-smoke-data";
const MEGABYTE = 1e6;
const GRAMMY = join(import.meta.dirname, "grammy");
const ECHO = "/opt/asgigram/examples/echo.ts";

/** The containers share this machine's network, where the default address may be in use. */
const LISTEN = ["--env", "ASGIGRAM_LISTEN=127.82.0.1:8082"];

/** As in compose.yaml. */
const HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];

const BOTS = {
  "echo.ts": `export const application = async (scope, receive, send) => {
    for (;;) {
      const { type, text } = await receive();
      if (type === "telegram.message") await send({ type: "telegram.send_message", text });
    }
  };`,
  "pensive.ts": `export const application = async (scope, receive) => {
    if (scope.type === "lifespan") return;
    const { text } = await receive();
    console.log("thinks about " + text);
    await new Promise(() => {});
  };`,
};

const folder = new Folder();
let simulator: Simulator;

before(async () => {
  simulator = await Simulator.start();
  for (const [name, source] of Object.entries(BOTS)) folder.write(name, source);
  folder.write("token", simulator.token);
  await chmod(folder.path, 0o755);
  await build(IMAGE, REPOSITORY, "--build-arg", `NODE=${BASE}`, "--build-arg", "VERSION=1.2.3");
});

after(async () => {
  await simulator.close();
  folder[Symbol.dispose]();
});

/** Runs one of BOTS, mounted, with the token in a file. */
function serve(bot: keyof typeof BOTS, ...options: readonly string[]): Container {
  return new Container(
    ...["--volume", `${folder.join(bot)}:/bot/bot.ts:ro`],
    ...["--volume", `${folder.join("token")}:/run/secrets/token:ro`, "--env", "ASGIGRAM_TOKEN_FILE=/run/secrets/token"],
    ...["--env", `ASGIGRAM_API_URL=${simulator.url}`, "--env", "ASGIGRAM_WORKERS=1"],
    ...LISTEN,
    ...options,
    ...[IMAGE, "bot.ts"],
  );
}

describe("the image", () => {
  test("the image has its user, health check and labels", async () => {
    const { Config, Healthcheck = Config.Healthcheck } = await inspect(IMAGE);
    assert.equal(Config.User, "node");
    assert.equal(Config.StopSignal, "SIGTERM");
    assert.deepEqual(Healthcheck?.Test, ["CMD", "asgigram", "health"]);
    assert.ok(Config.Env.includes("ASGIGRAM_LISTEN=127.0.0.1:8082"));
    const { Labels } = Config;
    assert.equal(Labels["org.opencontainers.image.title"], "asgigram");
    assert.equal(Labels["org.opencontainers.image.version"], "1.2.3");
  });

  test("the image is at most 120 MB larger than its base", async (t) => {
    const [{ Size: size }, { Size: base }] = await Promise.all([inspect(IMAGE), inspect(BASE)]);
    t.diagnostic(`${Math.round((size - base) / MEGABYTE)} MB over its base of ${Math.round(base / MEGABYTE)} MB`);
    assert.ok(size - base < 120 * MEGABYTE);
  });

  test("the image shares all layers but the last with an image of changed sources", async (t) => {
    const changed = folder.join("changed");
    const isSource = (path: string) => !/node_modules|\.git$|dist$/.test(path);
    await cp(REPOSITORY, changed, { recursive: true, filter: isSource });
    folder.write("changed/src/changed.ts", "export const changed = true;\n");
    const started = performance.now();
    await build(`${IMAGE}-changed`, changed, "--build-arg", `NODE=${BASE}`, "--build-arg", "VERSION=1.2.3");
    t.diagnostic(`built again in ${Math.round((performance.now() - started) / 1000)} s`);
    const [image, other] = await Promise.all([inspect(IMAGE), inspect(`${IMAGE}-changed`)]);
    await engine("rmi", `${IMAGE}-changed`);
    assert.notDeepEqual(other.RootFS.Layers.at(-1), image.RootFS.Layers.at(-1));
    assert.deepEqual(other.RootFS.Layers.slice(0, -1), image.RootFS.Layers.slice(0, -1));
  });
});

test("V8's compiled code is in the image, for the main thread and for workers", async () => {
  await using demo = new Container("--env", "NODE_DEBUG_NATIVE=COMPILE_CACHE", IMAGE, "simulate", ECHO);
  demo.hears("hi\n");
  assert.equal(await demo.exit(), 0, demo.output);
  for (const file of ["src/server.js", "workers/host.js", "node_modules/undici/index.js"]) {
    assert.match(demo.output, new RegExp(`code cache for .*/opt/asgigram/.*${file} was accepted`));
  }
});

test("the simulate command answers in a container", async () => {
  await using demo = new Container(IMAGE, "simulate", ECHO);
  demo.hears("hi\n");
  assert.equal(await demo.exit(), 0, demo.output);
  assert.match(demo.output, /Bot: hi/);
});

test("the target simulator is a Bot API with a health check", async () => {
  const target = `${IMAGE}-simulator`;
  await build(
    target,
    REPOSITORY,
    "--target",
    "simulator",
    "--build-arg",
    `NODE=${BASE}`,
    "--build-arg",
    "VERSION=1.2.3",
  );
  const { Config, Healthcheck = Config.Healthcheck } = await inspect(target);
  assert.deepEqual(Healthcheck?.Test, ["CMD", "asgigram", "health", "--listen", "127.0.0.1:8081"]);
  assert.deepEqual(Config.Cmd, ["simulator", "--listen", "0.0.0.0:8081"]);
  // The containers share this machine's network, where the default port may be in use.
  await using container = new Container(...HARDENED, target, "simulator", "--listen", "127.81.0.1:8081");
  await container.says("The simulator is at http://127.81.0.1:8081");
  assert.equal(await container.inside("asgigram", "health", "--listen", "127.81.0.1:8081"), "healthy");
  const { result } = (await (await fetch("http://127.81.0.1:8081/bot1:a/getMe")).json()) as { result: { id: number } };
  assert.equal(result.id, 1);
  assert.equal((await fetch("http://127.81.0.1:8081/page.js")).status, 200, "the page");
  assert.equal(await container.stop(), 0, container.output);
});

test("a mounted bot serves without rights, and only /data can be written", async () => {
  const ann = await simulator.user("ann");
  await using container = serve("echo.ts", ...HARDENED);
  await ann.sendText("hello");
  assert.equal(await nextText(ann), "hello");
  assert.equal(await container.inside("asgigram", "health"), "healthy");
  assert.equal(await container.inside("asgigram", "health", "--ready"), "ready");
  assert.equal(await container.inside("id", "--user"), "1000");
  assert.match(await container.inside("ls", "/data"), /^inbox\.sqlite$/m);
  await assert.rejects(container.inside("touch", "/bot/file"), /Read-only file system/);
  // With some engines temporary folders can be written: they are empty.
  assert.equal(await container.inside("find", "/tmp", "/var/tmp", "-type", "f"), "");
  assert.equal(await container.stop(), 0, container.output);
  assert.match(container.output, /stopped/);
});

test("an update that a killed container was handling is delivered by the next one", async () => {
  const ben = await simulator.user("ben");
  await using first = serve("pensive.ts", "--volume", `${VOLUME}:/data`);
  await ben.sendText("the meaning of it");
  await first.says("thinks about the meaning of it");
  // Telegram does not send it again.
  await confirmed(simulator);
  await first.kill();
  await using second = serve("echo.ts", "--volume", `${VOLUME}:/data`);
  assert.equal(await nextText(ben), "the meaning of it");
  assert.equal(await second.stop(), 0, second.output);
  await engine("volume", "rm", VOLUME);
});

test("SIGUSR1 opens no debugger in a container", async () => {
  await using container = serve("echo.ts");
  await container.says("serving");
  await container.inside("sh", "-c", "kill -USR1 1; kill -USR2 1");
  await container.says("the log level is now debug");
  assert.equal(await container.stop(), 0, container.output);
  assert.doesNotMatch(container.output, /Debugger listening/);
});

test("orphaned processes in a container are reaped", async () => {
  await using container = serve("echo.ts");
  await container.says("serving");
  const orphan = await container.inside("sh", "-c", "sh -c 'sleep 0.1 >/dev/null & echo $!'");
  await container.inside("sh", "-c", `while [ -d /proc/${orphan} ]; do sleep 0.1; done`);
  assert.equal(await container.stop(), 0, container.output);
});

test("an image built on this one has a bot with its packages", async () => {
  await build(`${IMAGE}-example`, join(REPOSITORY, "examples/docker"));
  await using container = new Container(
    ...HARDENED,
    ...LISTEN,
    ...["--env", `ASGIGRAM_TOKEN=${simulator.token}`, "--env", `ASGIGRAM_API_URL=${simulator.url}`],
    `${IMAGE}-example`,
  );
  const cem = await simulator.user("cem");
  await cem.sendText("Alle Menschen sind frei und gleich an Würde und Rechten geboren.");
  assert.match((await nextText(cem)) ?? "", /German/);
  assert.equal(await container.stop(), 0, container.output);
});

describe("a bot for grammY, unchanged", () => {
  const serveGrammy = (...options: readonly string[]) =>
    new Container(
      ...HARDENED,
      ...LISTEN,
      ...["--env", `BOT_TOKEN=${simulator.token}`, "--env", `ASGIGRAM_API_URL=${simulator.url}`],
      ...options,
    );
  const tryGrammy = async (container: Container) => {
    const dan = await simulator.user("dan");
    assert.equal(await ask(dan, "/start"), "Hello.");
    assert.equal(await ask(dan, "hi"), "You said: hi");
    assert.equal(await container.stop(), 0, container.output);
    assert.match(container.output, /library="?grammY 1\.|"library":"grammY 1\./);
    assert.match(container.output, /bot\.start\(\) is over/);
  };

  test("a mounted folder with node_modules is served", async () => {
    install(GRAMMY);
    await using container = serveGrammy("--volume", `${GRAMMY}:/bot:ro`, IMAGE, "bot.js");
    await tryGrammy(container);
  });

  test("an image built on this one with the bot's package.json is served", async () => {
    await build(`${IMAGE}-grammy`, GRAMMY);
    await using container = serveGrammy(`${IMAGE}-grammy`);
    await tryGrammy(container);
  });
});
