import assert from "node:assert/strict";
import { test } from "node:test";
import { ProvenScopes } from "../../src/dispatch/proven-scopes.ts";

test("the last ten thousand scopes are known, and at most twice as many", () => {
  const scopes = new ProvenScopes();
  for (let i = 0; i < 50_000; i++) {
    scopes.add(`chat:${i}`);
    scopes.add("chat:often");
  }
  const known = Array.from({ length: 50_000 }, (_, i) => i).filter((i) => scopes.has(`chat:${i}`));
  assert.ok(known.length >= 10_000 - 1 && known.length <= 20_000, `${known.length}`);
  assert.equal(known[0], 50_000 - known.length);
  assert.ok(scopes.has("chat:often"));
});
