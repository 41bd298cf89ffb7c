import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { coalesceKey } from "../../workers/coalesce.ts";
import { encode as encodeFor } from "../../workers/encode.ts";
import { Streams } from "../../workers/streams.ts";

const SCOPE = { chat_id: 42, business_connection_id: undefined };
const encode = (event: object) => encodeFor(event, SCOPE, { streams: new Streams() });
const keyOf = (event: object) => encode(event).coalesce;

const EDIT = { type: "telegram.edit_message_text", message_id: 7, text: "x" };
const ASKED = { asgigram: { coalesce: true } };

suite("an edit", () => {
  test("an edit is coalesced only if it asks for it", () => {
    assert.equal("coalesce" in encode(EDIT), false);
    assert.equal("coalesce" in encode({ ...EDIT, asgigram: {} }), false);
    assert.equal("coalesce" in encode({ ...EDIT, asgigram: { coalesce: false } }), false);
    assert.equal(typeof keyOf({ ...EDIT, ...ASKED }), "string");
  });

  test("edits of one message with one method have one key", () => {
    assert.equal(keyOf({ ...EDIT, ...ASKED }), keyOf({ ...EDIT, ...ASKED, text: "y" }));
  });

  test("another method, chat, message or inline message has another key", () => {
    const edits = [
      EDIT,
      { ...EDIT, message_id: 8 },
      { ...EDIT, chat_id: 43 },
      { ...EDIT, business_connection_id: "b" },
      { ...EDIT, message_id: undefined, inline_message_id: "i1" },
      { ...EDIT, message_id: undefined, inline_message_id: "i2" },
      { type: "telegram.edit_message_caption", message_id: 7 },
      { type: "telegram.edit_ephemeral_message_text", receiver_user_id: 1, ephemeral_message_id: 7, text: "x" },
      { type: "telegram.edit_ephemeral_message_text", receiver_user_id: 2, ephemeral_message_id: 7, text: "x" },
    ];
    const keys = edits.map((edit) => keyOf({ ...edit, ...ASKED }));
    assert.equal(new Set(keys).size, edits.length);
    assert.ok(!keys.includes(undefined));
  });

  test("an edit by a method that this version does not know is coalesced, too", () => {
    const hologram = { type: "telegram.edit_message_hologram", chat_id: 42, message_id: 7, ...ASKED };
    assert.equal(typeof keyOf(hologram), "string");
  });

  test("an edit that names no message is made in any case: Telegram refuses it", () => {
    assert.equal(keyOf({ type: "telegram.edit_message_text", text: "x", ...ASKED }), undefined);
  });
});

suite("drafts and chat actions", () => {
  const draft = { type: "telegram.send_message_draft", draft_id: 1, text: "x" };
  const action = { type: "telegram.send_chat_action", action: "typing" };

  test("drafts and chat actions are coalesced by default", () => {
    assert.equal(keyOf(draft), keyOf({ ...draft, text: "y" }));
    assert.equal(typeof keyOf(draft), "string");
    assert.equal(typeof keyOf({ type: "telegram.send_rich_message_draft", draft_id: 1, rich_message: {} }), "string");
    assert.equal(keyOf(action), keyOf({ ...action }));
    assert.equal(typeof keyOf(action), "string");
  });

  test("another draft, action or thread has another key", () => {
    const events = [
      draft,
      { ...draft, draft_id: 2 },
      { ...draft, message_thread_id: 2 },
      action,
      { ...action, action: "upload_photo" },
      { ...action, message_thread_id: 2 },
    ];
    assert.equal(new Set(events.map(keyOf)).size, events.length);
  });

  test("a draft that is not to be coalesced can say so", () => {
    assert.equal(keyOf({ ...draft, asgigram: { coalesce: false } }), undefined);
  });
});

suite("the key asgigram", () => {
  test("Telegram does not get the key", () => {
    assert.equal(encode({ ...EDIT, ...ASKED }).body, '{"message_id":7,"text":"x","chat_id":42}');
  });

  test("a method that is neither edit nor draft nor chat action cannot be coalesced", () => {
    const message = "telegram.send_message is never coalesced: only edits, drafts and chat actions are";
    const event = { type: "telegram.send_message", text: "x" };
    assert.throws(() => encode({ ...event, ...ASKED }), { message, key: "asgigram.coalesce" });
    assert.equal(keyOf({ ...event, asgigram: { coalesce: false } }), undefined);
  });

  test("a call without a lane has no key: it waits for no other", () => {
    assert.equal(coalesceKey(true, "editMessageText", undefined, { message_id: 1 }), undefined);
  });
});
