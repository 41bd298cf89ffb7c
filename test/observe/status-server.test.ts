import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { StatusServer } from "../../src/observe/status-server.ts";
import { ListenError } from "../../src/protocol/errors.ts";
import { requestRaw } from "../raw-request.ts";
import { HEALTHY, worker } from "./healthy-status.ts";

let status = HEALTHY;
const metrics = { contentType: "text/plain; version=0.0.4; charset=utf-8", text: async () => "asgigram_x 1\n" };

const listen = (host = "127.0.0.1", port = 0) => StatusServer.listen({ host, port, status: () => status, metrics });
const server = await listen();
after(() => server.close());

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${server.url}${path}`, init);
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
};

test("/healthz is 200 in every phase", async () => {
  status = { ...status, phase: "stopping" };
  assert.deepEqual(await ask("/healthz"), { status: 200, text: "ok\n", type: "text/plain; charset=UTF-8" });
  assert.equal((await ask("/healthz", { method: "HEAD" })).status, 200);
});

test("/readyz is 200, or 503 with the reasons", async () => {
  status = { ...status, phase: "serving" };
  assert.deepEqual(await ask("/readyz"), { status: 200, text: '{"ready":true}', type: "application/json" });
  status = { ...status, workers: [worker(0, { isUp: false })] };
  assert.deepEqual(await ask("/readyz"), {
    status: 503,
    text: '{"ready":false,"reasons":[{"check":"workers","reason":"worker 0 is not up"}]}',
    type: "application/json",
  });
});

test("/metrics has the text of the metrics, with their content type", async () => {
  const { contentType: type } = metrics;
  assert.deepEqual(await ask("/metrics"), { status: 200, text: "asgigram_x 1\n", type });
});

test("other paths and methods are 404", async () => {
  assert.equal((await ask("/")).status, 404);
  assert.equal((await ask("/healthz", { method: "POST" })).status, 404);
});

test("close() ends connections that clients keep", async () => {
  const other = await listen();
  assert.equal((await fetch(`${other.url}/healthz`)).status, 200);
  await other.close();
  await assert.rejects(fetch(`${other.url}/healthz`));
});

describe("an address that cannot be used rejects with a ListenError and its reason:", () => {
  const addresses: [what: string, host: string, port: () => number, message: RegExp][] = [
    ["in use", "127.0.0.1", () => Number(new URL(server.url).port), /^cannot listen on 127\.0\.0\.1:\d+: .*already/],
    ["not ours", "192.0.2.1", () => 8082, /^cannot listen on 192\.0\.2\.1:8082: no interface of this machine/],
    ["not ours, of IPv6", "2001:db8::1", () => 8082, /^cannot listen on \[2001:db8::1\]:8082: /],
  ];
  for (const [what, host, port, message] of addresses) {
    test(what, async () => {
      await assert.rejects(listen(host, port()), (error) => {
        assert(error instanceof ListenError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

test("pages of other origins and foreign names are refused with 403 at every path", async () => {
  for (const path of ["/healthz", "/readyz", "/metrics", "/"]) {
    assert.equal((await ask(path, { headers: { origin: "https://evil.example" } })).status, 403);
    assert.equal((await requestRaw(server.url, { path, headers: { host: "evil.example" } })).status, 403);
  }
  assert.equal((await ask("/healthz", { headers: { origin: server.url } })).status, 200);
});

test("a request is answered before its body has come, however long that is", async () => {
  const headers = { "content-length": String(2 ** 40) };
  const { status } = await requestRaw(server.url, { path: "/healthz", method: "POST", headers, body: "the beginning" });
  assert.equal(status, 404);
});
