import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ProxyServer } from "../../src/telegram/proxy-server.ts";

test("a proxy has the address in its URL, and the default port of its protocol unless it names one", () => {
  const rows = [
    ["http://proxy.test", "http:", "proxy.test", "80", false],
    ["http://proxy.test:3128", "http:", "proxy.test", "3128", false],
    ["https://10.0.0.1", "https:", "10.0.0.1", "443", false],
    ["socks5://proxy.test", "http:", "proxy.test", "1080", true],
    ["socks5h://[2001:db8::1]:1081", "http:", "2001:db8::1", "1081", true],
  ] as const;
  for (const [url, protocol, hostname, port, isSocks] of rows) {
    const proxy = new ProxyServer(url);
    assert.deepEqual(
      [proxy.address.protocol, proxy.address.hostname, proxy.address.port, proxy.isSocks],
      [protocol, hostname, port, isSocks],
    );
  }
});

test("user and password may be URL-encoded", () => {
  const credentialsOf = (url: string) => new ProxyServer(url).credentials;
  assert.deepEqual(credentialsOf("http://ann:p%40ss%3A%C3%A4@h"), { user: "ann", password: "p@ss:ä" });
  assert.deepEqual(credentialsOf("http://ann@h"), { user: "ann", password: "" });
  assert.deepEqual(credentialsOf("http://ann:50%@h"), { user: "ann", password: "50%" });
  assert.equal(credentialsOf("http://h"), undefined);
});

test("the text of a proxy shows neither user nor password", () => {
  const proxy = new ProxyServer("http://ann:secret@[::1]:3128");
  assert.equal(String(proxy), "[::1]:3128");
  assert.equal(
    `${proxy.refusesUser("407")}`,
    "Error: the proxy [::1]:3128 does not accept the user and the password in its URL (407)",
  );
  assert.doesNotMatch(inspect(proxy.refusesUser("407"), { depth: 9, showHidden: true }), /ann|secret/);
});

test("the error of a URL without a user shows the place for one", () => {
  assert.match(new ProxyServer("http://h:1").refusesUser("407").message, /wants a user and a password.*user:password@/);
});
