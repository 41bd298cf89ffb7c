import assert from "node:assert/strict";
import { test } from "node:test";
import { cancelled, EMPTY, following, refused, withEdit, withReply } from "../../../simulator/page/drafts.ts";

const half = { text: "half a messa" };

test("an edit that is cancelled or sent gives back what was written before", () => {
  const edit = withEdit(half, 1, "a slip");
  assert.deepEqual([edit.text, edit.editing], ["a slip", 1]);
  assert.equal(cancelled(edit), half);
  assert.equal(following(edit), half);
  assert.equal(cancelled(withEdit(edit, 2, "another slip")), half, "also from one edit to another");
  assert.equal(cancelled(withEdit(EMPTY, 1, "a slip")).text, "");
});

test("a reply keeps the text, and a cancelled one does so too", () => {
  const reply = withReply(half, 1);
  assert.deepEqual(reply, { ...half, replyTo: 1 });
  assert.deepEqual(cancelled(reply), half);
  assert.equal(cancelled(withEdit(reply, 2, "a slip")), reply, "an edit of another message does not end it");
  assert.deepEqual(withReply(withEdit(half, 1, "a slip"), 2), { ...half, replyTo: 2 }, "it ends an edit");
});

test("a refused message comes back as what it was, unless another one is begun", () => {
  const reply = withReply(half, 1);
  assert.equal(refused(reply, following(reply)), reply);
  const edit = withEdit(half, 1, "no slip");
  assert.equal(refused(edit, following(edit)), edit);
  assert.equal(cancelled(refused(edit, following(edit))), half);
  const meanwhile = { text: "meanwhile" };
  assert.equal(refused(edit, meanwhile), meanwhile);
  assert.equal(refused(reply, { text: "" }), reply, "begun and deleted");
});
