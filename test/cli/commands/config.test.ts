import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { run } from "../asgigram.ts";
import { runHere } from "../in-process.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const cwd = await mkdtemp(join(tmpdir(), "asgigram-config-command-"));
after(() => rm(cwd, { recursive: true }));
await writeFile(
  join(cwd, "conf.json"),
  `{
    // Nothing runs for longer.
    "stallTimeout": 30,
  }`,
);

test("config shows the server's settings without a token or an application, and starts nothing", async () => {
  const { code, stdout, stderr } = await run(["config", "--config", "conf.json"], { cwd });
  assert.match(stdout, /^stallTimeout +stallTimeout in .*conf\.json +30$/m);
  assert.match(stdout, /^token +default +not set$/m);
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("config takes the arguments of serve, and has the same as JSON", async () => {
  const { code, stdout } = await runHere(["config", TOKEN, "bot.ts", "-w", "3", "--json"], { cwd });
  const { settings, warnings } = JSON.parse(stdout);
  assert.deepEqual(settings.token, { value: "123456789:<token>", source: "the argument <token>" });
  assert.deepEqual(settings.application, { value: "bot.ts", source: "the argument <application>" });
  assert.deepEqual(settings.workers, { value: 3, source: "--workers" });
  assert.match(warnings[0], /^the token is on the command line/);
  assert.equal(code, 0);
});

test("config refuses an invalid value with exit code 2", async () => {
  const { code, stdout, stderr } = await runHere(["config", "-w", "many"], { cwd });
  assert.match(stderr, /^asgigram: --workers is "many": it must be a whole number from 1 to 256\n$/);
  assert.equal(stdout, "");
  assert.equal(code, 2);
});
