import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Asgigram, run } from "../asgigram.ts";
import { BotApiStandIn, TOKEN } from "../bot-api-stand-in.ts";

const api = await BotApiStandIn.start();
const folder = await mkdtemp(join(tmpdir(), "asgigram-health-"));
after(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

await writeFile(join(folder, "package.json"), '{ "type": "module" }');
await writeFile(join(folder, "bot.ts"), "export const application = async () => {};");

const OPTIONS = { cwd: folder, env: { ASGIGRAM_TOKEN: TOKEN, ASGIGRAM_API_URL: api.url, ASGIGRAM_WORKERS: "1" } };

/** A server, and the address that it has chosen. */
async function serving(args: readonly string[]): Promise<{ server: Asgigram; address: string }> {
  const server = new Asgigram(["bot.ts", "--no-inbox", "--log-format", "json", ...args], OPTIONS);
  await server.says("serving");
  const { url } = JSON.parse(server.stderr.split("\n").find((line) => line.includes("listening"))!);
  return { server, address: new URL(url).host };
}

test("a server is healthy and ready while it serves, and neither when it is gone", async () => {
  const { server, address } = await serving(["--listen", "0.0.0.0:0"]);
  const port = address.split(":").at(-1);
  const env = { ASGIGRAM_LISTEN: `0.0.0.0:${port}` };
  assert.deepEqual(await run(["health"], { cwd: folder, env }), { code: 0, stdout: "healthy\n", stderr: "" });
  const ready = await run(["health", "--ready", "--listen", `127.0.0.1:${port}`], { cwd: folder });
  assert.deepEqual(ready, { code: 0, stdout: "ready\n", stderr: "" });
  server.process.kill();
  await server.exit();
  const gone = await run(["health"], { cwd: folder, env });
  assert.match(
    gone.stdout,
    /^not healthy: no answer from http:\/\/127\.0\.0\.1:\d+\/healthz: nothing listens there.*\n$/,
  );
  assert.equal(gone.code, 1);
});

test("the address may come from the configuration file", async () => {
  const { server, address } = await serving(["--listen", "127.0.0.1:0"]);
  await writeFile(join(folder, "conf.json"), JSON.stringify({ listen: address }));
  const { code, stderr } = await run(["health", "--config", "conf.json"], { cwd: folder });
  assert.equal(code, 0, stderr);
  server.process.kill();
  await server.exit();
});

test("what cannot be asked is exit code 2", async () => {
  for (const args of [["--listen", "off"], ["--workers", "2"], ["bot.ts"]]) {
    const { code, stderr } = await run(["health", ...args], { cwd: folder });
    assert.match(stderr, /^asgigram: /);
    assert.equal(code, 2, stderr);
  }
});

test("an address that something else has ends the server before it polls, exit code 6", async () => {
  const taken = new URL(api.url).host;
  const { code, stderr } = await run(["bot.ts", "--no-inbox", "--listen", taken], OPTIONS);
  assert.match(stderr, new RegExp(`^asgigram: cannot listen on ${taken}: something listens there already`, "m"));
  assert.doesNotMatch(stderr, /serving/);
  assert.equal(code, 6, stderr);
});
