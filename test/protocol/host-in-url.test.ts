import assert from "node:assert/strict";
import { test } from "node:test";
import { hostInUrl } from "../../src/protocol/host-in-url.ts";

test("an IPv6 address has brackets in a URL, other hosts have none", () => {
  assert.deepEqual(["::1", "127.0.0.1", "bot.example"].map(hostInUrl), ["[::1]", "127.0.0.1", "bot.example"]);
});
