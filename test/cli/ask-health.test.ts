import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { askHealth } from "../../src/cli/ask-health.ts";

async function serverThat(t: TestContext, answers: RequestListener): Promise<string> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("health asks /healthz or /readyz, and 200 is good", async (t) => {
  const url = await serverThat(t, ({ url: path }, response) => {
    response.writeHead(path === "/healthz" ? 200 : 404).end();
  });
  assert.deepEqual(await askHealth(url), { isGood: true, line: "healthy" });
  assert.deepEqual(await askHealth(url, { ready: true }), {
    isGood: false,
    line: `not ready: ${url}/readyz answers 404`,
  });
});

test("the reasons of /readyz are one line", async (t) => {
  const reasons = [
    { check: "workers", reason: "worker 0 is not up" },
    { check: "inbox", reason: "the disk is full" },
  ];
  const url = await serverThat(t, (_, response) => {
    response.writeHead(503).end(JSON.stringify({ ready: false, reasons }));
  });
  const { isGood, line } = await askHealth(url, { ready: true });
  assert.equal(line, "not ready: worker 0 is not up; the disk is full");
  assert.equal(isGood, false);
});

test("a server that does not answer is not healthy", async (t) => {
  const url = await serverThat(t, () => {});
  const { isGood, line } = await askHealth(url, { timeout: 50 });
  assert.equal(line, `not healthy: no answer from ${url}/healthz: it took too long`);
  assert.equal(isGood, false);
});

test("a server whose answer never ends is not healthy", async (t) => {
  const url = await serverThat(t, (_, response) => void response.writeHead(200).write("o"));
  assert.match((await askHealth(url, { timeout: 50 })).line, /^not healthy: no answer/);
});

test("a server that is not there, or hangs up, is not healthy", async (t) => {
  const url = await serverThat(t, ({ socket }) => socket.destroy());
  assert.match((await askHealth(url)).line, /^not healthy: .*: ECONNRESET$/);
  assert.match((await askHealth("http://127.0.0.1:1")).line, /: nothing listens there; .*--listen\?$/);
});
