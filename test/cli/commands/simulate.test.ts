import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Asgigram, run } from "../asgigram.ts";
import { runHere } from "../in-process.ts";

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
