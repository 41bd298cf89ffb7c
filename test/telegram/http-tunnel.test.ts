import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectError, ProxyRefusesUserError } from "../../src/telegram/connect-error.ts";
import { openHttpTunnel } from "../../src/telegram/http-tunnel.ts";
import { ProxyServer } from "../../src/telegram/proxy-server.ts";
import { HANG_UP, Script } from "../network/script.ts";

const TARGET = { host: "api.telegram.org", port: 443 };
const never = new AbortController().signal;

/** Opens a tunnel through the scripted proxy. */
async function open(script: Script, url = "http://proxy.test:3128", target = TARGET): Promise<void> {
  await openHttpTunnel(script.socket, new ProxyServer(url), target, never);
}

test("the request names the target and the user", async () => {
  await using script = await Script.start(["HTTP/1.1 200 OK\r\n\r\n"]);
  await open(script, "http://ann:p%C3%A4ss@proxy.test:3128");
  const [first, ...headers] = script.heard.toString().trim().split("\r\n");
  assert.equal(first, "CONNECT api.telegram.org:443 HTTP/1.1");
  assert.ok(headers.some((line) => /^host: api\.telegram\.org:443$/i.test(line)));
  const login = Buffer.from("ann:päss").toString("base64");
  assert.ok(headers.some((line) => line.toLowerCase() === `proxy-authorization: basic ${login}`.toLowerCase()));
});

test("the request has brackets around IPv6, and without a user no authorization", async () => {
  await using script = await Script.start(["HTTP/1.1 200 OK\r\n\r\n"]);
  await open(script, "http://proxy.test:3128", { host: "2001:db8::1", port: 8081 });
  assert.match(script.heard.toString(), /^CONNECT \[2001:db8::1\]:8081 HTTP/);
  assert.doesNotMatch(script.heard.toString(), /authorization/i);
});

test("the target's first bytes are not lost, even right behind the proxy's answer", async () => {
  await using script = await Script.start(["HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nhello"]);
  await open(script);
  assert.equal(await script.next(5), "hello");
});

test("the proxy's answer may come a byte at a time", async () => {
  await using script = await Script.start([[..."HTTP/1.1 204 Fine\r\nA: b\r\n\r\nhello"]]);
  await open(script);
  assert.equal(await script.next(5), "hello");
});

for (const status of [302, 403, 502, 503, 504]) {
  test(`a ${status} is an error that names the proxy and the target`, async () => {
    await using script = await Script.start([`HTTP/1.1 ${status} ?\r\ncontent-length: 5\r\n\r\nsorry`]);
    await assert.rejects(open(script), (error) => {
      assert.ok(error instanceof ConnectError);
      assert.equal(error.message, `the proxy proxy.test:3128 does not connect to api.telegram.org:443 (${status})`);
      return true;
    });
  });
}

test("a 407 is an error with the remedy", async () => {
  const answer = 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n';
  for (const [url, remedy] of [
    ["http://proxy.test:3128", /wants a user and a password/],
    ["http://ann:secret@proxy.test:3128", /does not accept the user/],
  ] as const) {
    await using script = await Script.start([answer]);
    await assert.rejects(open(script, url), (error) => {
      assert.ok(error instanceof ProxyRefusesUserError);
      assert.match(error.message, remedy);
      return true;
    });
  }
});

test("an answer that is not HTTP is an error", async () => {
  await using script = await Script.start(["\x05\xff"]);
  await assert.rejects(open(script), { code: /^HPE_/ });
});

test("a proxy that hangs up is an error", async () => {
  await using script = await Script.start([["HTTP/1.1 200", HANG_UP]]);
  await assert.rejects(open(script), { code: "ECONNRESET" });
});
