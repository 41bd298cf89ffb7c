import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readRecording } from "../../../simulator/index.ts";
import { Asgigram, run } from "../asgigram.ts";
import { runHere } from "../in-process.ts";
import { Simulation } from "../simulated/simulation.ts";

const folder = await mkdtemp(join(tmpdir(), "asgigram-simulate-"));
after(() => rm(folder, { recursive: true }));
await writeFile(
  join(folder, "echo.mjs"),
  `export const application = async (scope, receive, send) => {
    for (;;) {
      const event = await receive();
      if (event.type === "telegram.message") await send({ type: "telegram.send_message", text: "You said " + event.text });
    }
  };`,
);

test("the bot answers standard input on standard output, and the simulator ends", async () => {
  const { code, stdout, stderr } = await run(["simulate", "echo.mjs"], { cwd: folder, stdin: "hello\n" });
  assert.match(stdout, /You said hello/);
  assert.equal(code, 0, stderr);
});

test("the real bot's token, server, proxy and inbox are not used", async () => {
  const env = {
    ASGIGRAM_TOKEN_FILE: "/missing",
    ASGIGRAM_API_URL: "http://127.0.0.1:1",
    ASGIGRAM_LOCAL: "yes",
    ASGIGRAM_PROXY: "http://127.0.0.1:1",
    ASGIGRAM_FAMILY: "6",
    HTTP_PROXY: "http://127.0.0.1:1",
    ASGIGRAM_INBOX: join(folder, "real.sqlite"),
  };
  const { code, stdout, stderr } = await runHere(["simulate", "echo.mjs"], { cwd: folder, env, stdin: "hello\n" });
  assert.match(stdout, /You said hello/);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await readdir(folder), ["echo.mjs"]);
});

test("a bot that offloads has its heavy threads, child processes and shared memory", async () => {
  const bot = fileURLToPath(new URL("../../end-to-end/apps/offloading/bot.ts", import.meta.url));
  const stdin = "crash\nenvironment\ncount\n";
  const { code, stdout, stderr } = await runHere(["simulate", `${bot}:application`], { cwd: folder, stdin });
  assert.match(stdout, /JobCrashedError in attempt 1/);
  const [, server, pid] = /"pid":(\d+).*"server":(\d+)/.exec(stdout) ?? [];
  assert.notEqual(server, pid);
  assert.match(stdout, /"count":1,/);
  assert.equal(code, 0, stderr);
});

test("only warnings are logged by default", async () => {
  const quiet = await runHere(["simulate", "echo.mjs"], { cwd: folder, stdin: "" });
  assert.doesNotMatch(quiet.stderr, /serving/);
  const loud = await runHere(["simulate", "echo.mjs", "--log-level", "info"], { cwd: folder, stdin: "" });
  assert.match(loud.stderr, /serving/);
});

test("an application that cannot be loaded is exit code 3", async () => {
  const { code, stderr } = await runHere(["simulate", "ecko.mjs"], { cwd: folder, stdin: "" });
  assert.match(stderr, /^asgigram: no such file: .*ecko\.mjs/m);
  assert.equal(code, 3);
});

test("SIGINT ends the simulator cleanly", async () => {
  await using simulation = new Asgigram(["simulate", "echo.mjs", "-v"], { cwd: folder });
  await simulation.says("serving");
  simulation.process.kill("SIGINT");
  const { code, stderr } = await simulation.exit();
  assert.equal(code, 0, stderr);
});

test("at a terminal the address is printed; an application that does not start ends the command with its exit code", async () => {
  const options = { cwd: folder, isTerminal: true };
  const { code, stdout, stderr } = await runHere(["simulate", "ecko.mjs"], options);
  assert.match(stdout, /^The chat with the bot is at http:\/\/127\.0\.0\.1:\d+\/$/m);
  assert.match(stderr, /no such file: .*ecko\.mjs/);
  assert.equal(code, 3);
});

test("at a terminal users answer over HTTP, and the run is saved in the file of --record", async () => {
  const file = join(folder, "run.json");
  const { command } = await (async () => {
    await using simulation = await Simulation.start(["--record", file, "echo.mjs"], { cwd: folder });
    const ann = await simulation.client.user("ann");
    await ann.sendText("hello");
    assert.equal((await ann.nextMessage({ timeout: 150_000 })).text, "You said hello");
    return simulation;
  })();
  assert.equal((await command.exit()).code, 0);
  const { entries } = await readRecording(file);
  await rm(file);
  const kinds = entries.map((entry) => ("act" in entry ? entry.act : "update" in entry ? "update" : entry.call.method));
  assert.deepEqual(kinds, ["user", "send", "update", "sendMessage"]);
});

test("with --terminal the chat is there, the address as well, and only workers can be killed", async () => {
  await using simulation = await Simulation.start(["--terminal", "echo.mjs"], { cwd: folder });
  const { client, command } = simulation;
  await command.finds(() => command.stdout.includes("Talk to the bot."), "the chat");
  await assert.rejects(client.perform("killServer", {}), /without --terminal/);
  await client.perform("killWorker", {});
  const ann = await client.user("ann");
  await ann.sendText("hello");
  assert.equal((await ann.nextMessage({ timeout: 150_000 })).text, "You said hello");
  await client.perform("reload", {});
});
