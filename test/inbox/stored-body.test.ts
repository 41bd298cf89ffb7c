import assert from "node:assert/strict";
import { test } from "node:test";
import { isUpdateOf, readUpdate } from "../../src/inbox/stored-body.ts";

test("an update is read as it was written", () => {
  const update = { update_id: 1, message: { text: "№ 1" } };
  assert.deepEqual(readUpdate(JSON.stringify(update)), update);
});

test("what is not the JSON of an object is no update", () => {
  for (const body of ["", "{", '{"update_id":1,', "null", "1", '"x"', "[]", "[{}]", "\u0000"]) {
    assert.equal(readUpdate(body), undefined, body);
  }
});

test("a body can be posted if it has the payload of its kind", () => {
  assert.ok(isUpdateOf("message", '{"update_id":1,"message":{}}'));
  assert.ok(isUpdateOf("", '{"update_id":1}'));
  for (const body of [
    "{",
    "1",
    "{}",
    '{"update_id":1}',
    '{"message":null}',
    '{"message":[]}',
    '{"poll":{},"message":{}}',
  ]) {
    assert.ok(!isUpdateOf("message", body), body);
  }
});
