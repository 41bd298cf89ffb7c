import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
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

/** Opens a connection, and sends the beginning of a request. */
async function connected(head = ""): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(head);
  return socket;
}

test("connections that send nothing, or half a request, hold up no other", async () => {
  const idle = await Promise.all(Array.from({ length: 100 }, () => connected()));
  const half = await Promise.all(Array.from({ length: 100 }, () => connected("GET /healthz HTTP/1.1\r\nHost: 127")));
  assert.equal((await ask("/healthz")).status, 200);
  for (const socket of [...idle, ...half]) socket.destroy();
});

test("requests that are none, or ask for a file, get an error, and the server goes on", async () => {
  const host = "Host: 127.0.0.1\r\n";
  const close = "Connection: close\r\n\r\n";
  const requests: [number, string][] = [
    [404, `GET /../../../../etc/passwd HTTP/1.1\r\n${host}${close}`],
    [404, `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${host}${close}`],
    [404, `GET /%zz HTTP/1.1\r\n${host}${close}`],
    [400, `GET / HTTP/1.1\r\n${close}`],
    [400, `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${close}abc`],
    [400, "nonsense\r\n\r\n"],
    [431, `GET / HTTP/1.1\r\n${host}X: ${"x".repeat(2 ** 15)}\r\n${close}`],
  ];
  for (const [status, request] of requests) {
    const socket = await connected(request);
    // It may be closed while the request is still being sent.
    socket.on("error", () => {});
    assert.match(await text(socket).catch(() => ""), new RegExp(`^HTTP/1\\.1 ${status} `), request.slice(0, 50));
  }
  assert.equal((await ask("/healthz")).status, 200);
});
