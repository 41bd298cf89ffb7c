import assert from "node:assert/strict";
import { test } from "node:test";
import { readUpdate } from "../../src/inbox/stored-body.ts";

test("an update is read as it was written", () => {
  const update = { update_id: 1, message: { text: "№ 1" } };
  assert.deepEqual(readUpdate(JSON.stringify(update)), update);
});

test("what is not the JSON of an object is no update", () => {
  for (const body of ["", "{", '{"update_id":1,', "null", "1", '"x"', "[]", "[{}]", "\u0000"]) {
    assert.equal(readUpdate(body), undefined, body);
  }
});
