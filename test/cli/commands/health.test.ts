import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { run } from "../asgigram.ts";
import { BotApiStandIn, TOKEN } from "../bot-api-stand-in.ts";
import { InProcess, runHere } from "../in-process.ts";

const api = await BotApiStandIn.start();
const folder = await mkdtemp(join(tmpdir(), "asgigram-health-"));
after(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

await writeFile(join(folder, "package.json"), '{ "type": "module" }');
await writeFile(join(folder, "bot.ts"), "export const application = async () => {};");

const OPTIONS = { cwd: folder, env: { ASGIGRAM_TOKEN: TOKEN, ASGIGRAM_API_URL: api.url, ASGIGRAM_WORKERS: "1" } };

const serve = (listen: string) =>
  new InProcess(["bot.ts", "--no-inbox", "--log-format", "json", "--listen", listen], OPTIONS);

/** The address that the server has chosen. */
async function addressOf(server: InProcess): Promise<string> {
  await server.says("serving");
  const { url } = JSON.parse(server.stderr.split("\n").find((line) => line.includes("listening"))!);
  return new URL(url).host;
}

test("a server is healthy and ready while it serves, and neither after its end", async () => {
  await using server = serve("0.0.0.0:0");
  const port = (await addressOf(server)).split(":").at(-1);
  const env = { ASGIGRAM_LISTEN: `0.0.0.0:${port}` };
  assert.deepEqual(await run(["health"], { cwd: folder, env }), { code: 0, stdout: "healthy\n", stderr: "" });
  const ready = await runHere(["health", "--ready", "--listen", `127.0.0.1:${port}`], { cwd: folder });
  assert.deepEqual(ready, { code: 0, stdout: "ready\n", stderr: "" });
  server.signal("SIGTERM");
  await server.exit();
  const gone = await run(["health"], { cwd: folder, env });
  assert.match(
    gone.stdout,
    /^not healthy: no answer from http:\/\/127\.0\.0\.1:\d+\/healthz: nothing listens there.*\n$/,
  );
  assert.equal(gone.code, 1);
});

test("the address for health may come from the configuration file", async () => {
  await using server = serve("127.0.0.1:0");
  await writeFile(join(folder, "conf.json"), JSON.stringify({ listen: await addressOf(server) }));
  const { code, stderr } = await runHere(["health", "--config", "conf.json"], { cwd: folder });
  assert.equal(code, 0, stderr);
});

test("an invalid health command is exit code 2", async () => {
  for (const args of [["--listen", "off"], ["--workers", "2"], ["bot.ts"]]) {
    const { code, stderr } = await runHere(["health", ...args], { cwd: folder });
    assert.match(stderr, /^asgigram: /);
    assert.equal(code, 2, stderr);
  }
});

test("an address in use ends the server before it polls, exit code 6", async () => {
  const taken = new URL(api.url).host;
  const { code, stderr } = await runHere(["bot.ts", "--no-inbox", "--listen", taken], OPTIONS);
  assert.match(stderr, new RegExp(`^asgigram: cannot listen on ${taken}: something listens there already`, "m"));
  assert.doesNotMatch(stderr, /serving/);
  assert.equal(code, 6, stderr);
});
