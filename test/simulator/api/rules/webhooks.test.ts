/** setWebhook: `Client::do_set_webhook`, WebhookActor.cpp and `IPAddress::is_reserved`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "../refusals.ts";

test("a webhook has a public address, https and one of four ports", async () => {
  const { simulator, call, refused } = await furnished();
  await using _ = simulator;
  const set = async (url: string, more: object = {}) =>
    (await refused("setWebhook", { url, ...more })).replace("bad webhook: ", "");
  const ports = "Webhook can be set up only on ports 80, 88, 443 or 8443";
  for (const port of [8080, 3000, 1]) assert.equal(await set(`https://example.org:${port}/x`), ports);
  for (const port of [80, 88, 443, 8443]) assert.equal(await set(`https://example.org:${port}/x`), "ok");
  assert.equal(await set("http://example.org"), "An HTTPS URL must be provided for webhook");
  const reserved = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.7.7", "100.127.0.1", "224.0.0.1", "0.1.2.3"];
  for (const address of reserved) assert.equal(await set(`https://${address}/x`), `IP address ${address} is reserved`);
  assert.equal(await set("https://localhost/x"), "IP address 127.0.0.1 is reserved");
  for (const address of ["172.32.0.1", "100.128.0.1", "8.8.8.8"]) assert.equal(await set(`https://${address}/x`), "ok");
  assert.equal(await set("https://example.org", { ip_address: "127.0.0.1" }), "IP address 127.0.0.1 is reserved");
  assert.equal(await set("https://example.org", { ip_address: "x" }), "Invalid IP address specified");
  assert.equal(await set("https://example.org", { ip_address: "::1" }), "IPv6-only addresses are not allowed");
  assert.equal(await set("ftp://example.org"), "invalid webhook URL specified");
  // https is the default.
  assert.equal(await set("example.com/x"), "ok");
  assert.equal((await call("getWebhookInfo")).result.url, "example.com/x");
  assert.equal(await set("example.com:8080"), ports);
});

test("a secret token is short, and safe in a header", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const set = (secret_token: string) => refused("setWebhook", { url: "https://example.org", secret_token });
  assert.equal(await set("a".repeat(257)), "secret token is too long");
  assert.equal(await set("a b"), "secret token contains unallowed characters");
  assert.equal(await set("aZ0_-"), "ok");
});

test("a local server takes any address", async () => {
  const { simulator, call, refused } = await furnished({ local: true });
  await using _ = simulator;
  assert.equal(await refused("setWebhook", { url: "http://127.0.0.1:3000/x", max_connections: 1000 }), "ok");
  assert.equal((await call("getWebhookInfo")).result.max_connections, 1000);
});
