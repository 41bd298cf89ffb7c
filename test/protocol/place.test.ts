import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../src/protocol/place.ts";

test("a place is taken from an event, without the event's other keys", () => {
  const event = { seq: 7, scope: "chat:1", update_id: 0, kind: "message", body: "{}" };
  assert.deepEqual(placeOf(event), { scope: "chat:1", update_id: 0, kind: "message" });
});

test("a place has no keys for parts that are not known", () => {
  assert.deepEqual(placeOf({ scope: "user:1" }), { scope: "user:1" });
  assert.deepEqual(placeOf(undefined), {});
});
