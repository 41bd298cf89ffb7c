import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { Folder } from "../../folder.ts";
import { Asgigram, run } from "../asgigram.ts";
import { runHere } from "../in-process.ts";

const simulator = await Simulator.start();
const folder = new Folder();
after(async () => {
  await simulator.close();
  folder[Symbol.dispose]();
});
writeFileSync(
  join(folder.path, "bot.mjs"),
  'console.log("hello"); setInterval(() => {}, 10); export default async (scope, receive) => void (await receive());',
);
const OPTIONS = { cwd: folder.path, env: { ASGIGRAM_TOKEN: simulator.token, ASGIGRAM_API_URL: simulator.url } };

test("a bot that can be served is a line for each point, its output on standard error, and exit code 0", async () => {
  const { code, stdout, stderr } = await run(["check", "bot.mjs"], OPTIONS);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^(ok +(configuration|application|token|webhook|inbox) .+\n){5}$/);
  assert.equal(stderr, "hello\n");
});

test("the exit code is that of the first problem, and JSON has the same findings", async () => {
  const { code, stdout } = await runHere(["check", "boot.mjs", "--json", "--api-url", "http://127.0.0.1:1"], OPTIONS);
  assert.equal(code, 3);
  const { ok, findings } = JSON.parse(stdout);
  assert.equal(ok, false);
  assert.deepEqual(
    findings.map(({ is, point }: { is: string; point: string }) => `${is} ${point}`),
    ["ok configuration", "problem application", "problem token", "ok inbox"],
  );
});

test("an application is checked without a token, too, exit code 2", async () => {
  const { code, stdout } = await runHere(["check", "bot.mjs"], { cwd: folder.path });
  assert.match(stdout, /^ok +application .*\nproblem +token +missing: set/m);
  assert.equal(code, 2);
});

test("the check beside the bot's server does not disturb it", async () => {
  await using server = new Asgigram(["bot.mjs", "-w", "1"], OPTIONS);
  await server.says("serving");
  const { code, stdout } = await runHere(["check", "bot.mjs"], OPTIONS);
  assert.match(stdout, /^warning +inbox .*in use by another process/m);
  assert.equal(code, 0);
  server.process.kill();
  const { code: end, stderr } = await server.exit();
  assert.equal(end, 0);
  assert.doesNotMatch(stderr, /another process polls/);
});
