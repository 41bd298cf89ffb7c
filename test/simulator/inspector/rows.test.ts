import assert from "node:assert/strict";
import { test } from "node:test";
import { messagesIn, textOf, updateRow } from "../../../simulator/inspector/rows.ts";

test("a row has the kind, the chat and the text of an update", () => {
  const message = { chat: { id: 7 }, from: { id: 8 }, text: "hi" };
  assert.deepEqual(updateRow({ update_id: 1, message }, 5), {
    update_id: 1,
    kind: "message",
    time: 5,
    takes: 0,
    chat_id: 7,
    text: "hi",
  });
  const query = { from: { id: 8 }, message: { chat: { id: 7 } }, data: "y" };
  const { kind, chat_id, text } = updateRow({ update_id: 2, callback_query: query }, 5);
  assert.deepEqual([kind, chat_id, text], ["callback_query", 7, "y"]);
  const poll = updateRow({ update_id: 3, poll: { id: "1" } }, 5);
  assert.deepEqual([poll.kind, poll.chat_id], ["poll", undefined]);
});

test("a long text is cut", () => {
  assert.equal(textOf({ caption: "x".repeat(81) }), `${"x".repeat(80)}…`);
});

test("the messages of a result are those of an album, too, and of true none", () => {
  assert.deepEqual(
    messagesIn([
      { chat: { id: 7 }, message_id: 1 },
      { chat: { id: 7 }, message_id: 2 },
    ]),
    ["7:1", "7:2"],
  );
  assert.deepEqual(messagesIn(true), []);
  assert.deepEqual(messagesIn(undefined), []);
});
