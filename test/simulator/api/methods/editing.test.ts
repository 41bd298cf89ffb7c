import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function withMessage(parameters: object = { text: "one" }, method = "sendMessage") {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  const theirs = await ann.sendText("/start");
  const call = callerOf(simulator);
  const { message_id } = (await call(method, { chat_id: ann.id, ...parameters })).result;
  return { simulator, ann, theirs, call, at: { chat_id: ann.id, message_id } };
}

const NOT_MODIFIED =
  "400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a " +
  "current content and reply markup of the message";

const keyboard = { inline_keyboard: [[{ text: "Yes", callback_data: "y" }]] };

test("editMessageText changes the text, and removes a keyboard that is not given again", async () => {
  const { simulator, ann, call, at } = await withMessage({ text: "one", reply_markup: keyboard });
  await using _ = simulator;
  const kept = (await call("editMessageText", { ...at, text: "two", reply_markup: keyboard })).result;
  assert.deepEqual([kept.text, kept.reply_markup, typeof kept.edit_date], ["two", keyboard, "number"]);
  assert.equal((await ann.chat.next("edited")).message.text, "two");
  const bare = (await call("editMessageText", { ...at, text: "two" })).result;
  assert.equal(bare.reply_markup, undefined);
  assert.equal(verdict(await call("editMessageText", { ...at, text: " two " })), NOT_MODIFIED);
});

test("an impossible edit is refused in Telegram's words", async () => {
  const { simulator, ann, theirs, call, at } = await withMessage();
  await using _ = simulator;
  const refused = async (parameters: object) =>
    verdict(await call("editMessageText", { ...at, text: "x", ...parameters }));
  assert.equal(await refused({ message_id: 99 }), "400 Bad Request: message to edit not found");
  assert.equal(await refused({ message_id: undefined }), "400 Bad Request: message to edit not found");
  assert.equal(await refused({ message_id: theirs.message_id }), "400 Bad Request: message can't be edited");
  assert.equal(await refused({ chat_id: 5 }), "400 Bad Request: chat not found");
  assert.equal(await refused({ text: "" }), "400 Bad Request: message text is empty");
  const caption = await call("editMessageCaption", { ...at, caption: "x" });
  assert.equal(verdict(caption), "400 Bad Request: there is no caption in the message to edit");
  await ann.block();
  assert.equal(await refused({}), "403 Forbidden: bot was blocked by the user");
});

// MessagesManager.cpp, can_edit_message; Bot API, "Updating messages": without reply_markup or with inline keyboards.
test("forwards, and messages with another keyboard than an inline one, cannot be edited", async () => {
  for (const reply_markup of [{ keyboard: [["Yes"]] }, { remove_keyboard: true }, { force_reply: true }]) {
    const { simulator, call, at } = await withMessage({ text: "one", reply_markup });
    await using _ = simulator;
    const refusal = verdict(await call("editMessageText", { ...at, text: "two" }));
    assert.equal(refusal, "400 Bad Request: message can't be edited", JSON.stringify(reply_markup));
  }
  const { simulator, call, at } = await withMessage();
  await using _ = simulator;
  const { chat_id } = at;
  const forward = (await call("forwardMessage", { ...at, from_chat_id: chat_id })).result.message_id;
  for (const [method, more] of [
    ["editMessageText", { text: "two" }],
    ["editMessageReplyMarkup", { reply_markup: keyboard }],
  ] as const) {
    const refusal = verdict(await call(method, { chat_id, message_id: forward, ...more }));
    assert.equal(refusal, "400 Bad Request: message can't be edited", method);
  }
});

// Bot API 10.1, editMessageText: `text` or `rich_message`.
test("a text becomes a rich message by an edit, and the other way round", async () => {
  const { simulator, call, at } = await withMessage();
  await using _ = simulator;
  const blocks = [{ type: "paragraph", text: "rich" }];
  const rich = (await call("editMessageText", { ...at, rich_message: { blocks } })).result;
  assert.deepEqual([rich.text, rich.rich_message], [undefined, { blocks }]);
  const again = (await call("editMessageText", { ...at, rich_message: { html: "<b>a</b>" } })).result;
  assert.deepEqual(again.rich_message.blocks, [{ type: "paragraph", text: "a" }]);
  const text = (await call("editMessageText", { ...at, text: "plain" })).result;
  assert.deepEqual([text.text, text.rich_message], ["plain", undefined]);
});

test("caption, keyboard, medium and location can be edited", async () => {
  const { simulator, call, at } = await withMessage({ photo: "p", caption: "one" }, "sendPhoto");
  await using _ = simulator;
  assert.equal((await call("editMessageCaption", { ...at, caption: "two" })).result.caption, "two");
  const marked = (await call("editMessageReplyMarkup", { ...at, reply_markup: keyboard })).result;
  assert.deepEqual([marked.caption, marked.reply_markup], ["two", keyboard]);
  assert.equal(verdict(await call("editMessageReplyMarkup", { ...at, reply_markup: keyboard })), NOT_MODIFIED);
  assert.equal((await call("editMessageReplyMarkup", at)).result.reply_markup, undefined);
  const media = { type: "video", media: "v", caption: "three" };
  const { photo, video, caption } = (await call("editMessageMedia", { ...at, media })).result;
  assert.deepEqual([photo, typeof video, caption], [undefined, "object", "three"]);
  const place = (await call("sendLocation", { ...at, latitude: 1, longitude: 2, live_period: 60 })).result;
  const moved = await call("editMessageLiveLocation", {
    ...at,
    message_id: place.message_id,
    latitude: 3,
    longitude: 4,
  });
  assert.deepEqual(moved.result.location, { latitude: 3, longitude: 4, live_period: 60 });
});

test("a poll is stopped once", async () => {
  const { simulator, call, at } = await withMessage(
    { question: "Q?", options: [{ text: "a" }, { text: "b" }] },
    "sendPoll",
  );
  await using _ = simulator;
  assert.equal((await call("stopPoll", at)).result.is_closed, true);
  assert.equal(verdict(await call("stopPoll", at)), "400 Bad Request: poll has already been closed");
});

test("a deleted message is not in the chat", async () => {
  const { simulator, ann, theirs, call, at } = await withMessage();
  await using _ = simulator;
  assert.equal((await call("deleteMessage", at)).result, true);
  assert.deepEqual((await ann.chat.next("deleted")).message_ids, [at.message_id]);
  assert.equal(verdict(await call("deleteMessage", at)), "400 Bad Request: message to delete not found");
  const message_ids = [theirs.message_id, 12345];
  assert.equal((await call("deleteMessages", { ...at, message_ids })).result, true);
  assert.deepEqual(await ann.chat.messages(), []);
});
