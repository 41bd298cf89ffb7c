import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatEvent } from "../../../simulator/index.ts";
import { render } from "../../../simulator/terminal/render.ts";

const show = (event: object, name = "Bot") => render({ seq: 1, chat_id: 1, by: "bot", ...event } as ChatEvent, name);
const message = (content: object) => ({ type: "message", message: { message_id: 1, chat: {}, date: 1, ...content } });

test("a message is rendered as its text, or as its kind with details", () => {
  assert.equal(show(message({ text: "hi" })), "Bot: hi");
  assert.equal(show(message({ photo: [], caption: "look" })), "Bot: [photo] look");
  assert.equal(show(message({ dice: { emoji: "🎲", value: 4 } })), "Bot: [dice] 🎲 4");
  assert.equal(show(message({ location: { latitude: 1, longitude: 2 } })), "Bot: [location] 1, 2");
  assert.equal(show(message({ video_note: {} })), "Bot: [video note]");
  const poll = { question: "Q?", options: [{ text: "a" }, { text: "b" }] };
  assert.equal(show(message({ poll })), "Bot: [poll] Q?\n  - a\n  - b");
});

test("buttons are numbered across rows, one line for each row", () => {
  const inline_keyboard = [[{ text: "a" }, { text: "b" }], [{ text: "c" }]];
  assert.equal(show(message({ text: "?", reply_markup: { inline_keyboard } })), "Bot: ?\n  [1] a  [2] b\n  [3] c");
  assert.equal(show({ ...message({ text: "?" }), keyboard: { keyboard: [["x"]] } }), "Bot: ?\n  [1] x");
});

test("other events are rendered in words, and events without content are skipped", () => {
  assert.equal(show({ type: "deleted", message_ids: [1, 2] }), "Bot deleted message 1, 2");
  assert.equal(show({ type: "action", action: "upload_photo" }), "Bot is busy: upload photo");
  assert.equal(show({ type: "callback-answer", text: "no", show_alert: true }), "Bot alerts: no");
  assert.equal(show({ type: "callback-answer" }), undefined);
  assert.equal(show({ type: "reaction", reaction: [{ type: "emoji", emoji: "👍" }] }), "Bot reacts: 👍");
});

test("a name, a button, a poll and a file name stay on their line", () => {
  const inline_keyboard = [[{ text: "a\n[2] b" }]];
  assert.equal(show(message({ text: "?", reply_markup: { inline_keyboard } })), "Bot: ?\n  [1] a\\n[2] b");
  assert.equal(show(message({ document: { file_name: "a\nann: b" } })), "Bot: [document] a\\nann: b");
  assert.equal(
    show(message({ poll: { question: "Q\n?", options: [{ text: "a\nb" }] } })),
    "Bot: [poll] Q\\n?\n  - a\\nb",
  );
  assert.equal(show({ type: "deleted", message_ids: [1] }, "B\not"), "B\\not deleted message 1");
});
