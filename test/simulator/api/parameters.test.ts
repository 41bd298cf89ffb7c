/** Missing, malformed and old parameters. The texts are those of telegram-bot-api's Client.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../caller.ts";
import { furnished } from "./refusals.ts";

test("a method that does not exist is named in the refusal (Client::on_cmd)", async () => {
  const { simulator, call } = await furnished();
  await using _ = simulator;
  assert.equal(verdict(await call("sendNothing")), "404 Not Found: method not found");
});

test("the content is read before the chat is looked for (process_send_message_query)", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const nowhere = { chat_id: 5 };
  assert.equal(await refused("sendMessage", nowhere), "message text is empty");
  assert.equal(await refused("sendMessage", { chat_id: undefined }), "message text is empty");
  assert.equal(await refused("sendMessage", { chat_id: undefined, text: "x" }), "chat_id is empty");
  assert.equal(await refused("sendMessage", { ...nowhere, text: "x".repeat(40_000) }), "text is too long");
  assert.equal(await refused("sendMessage", { ...nowhere, text: "x".repeat(5000) }), "chat not found");
  assert.equal(await refused("sendMessage", { text: "x".repeat(5000) }), "message is too long");
  assert.equal(
    await refused("sendMessage", { ...nowhere, text: "x", reply_markup: [1] }),
    "object expected as reply markup",
  );
  assert.equal(await refused("sendMessage", { ...nowhere, text: "x" }), "chat not found");
  assert.equal(await refused("sendMediaGroup", { ...nowhere }), 'parameter "media" is required');
  assert.equal(await refused("sendPhoto", { ...nowhere }), "there is no photo in the request");
  assert.equal(await refused("sendVideoNote", { ...nowhere }), "there is no video note in the request");
});

test("a message that is not given is not found, for what it was wanted (Client::check_message)", async () => {
  const { simulator, chats, refused } = await furnished();
  await using _ = simulator;
  assert.equal(await refused("editMessageText", { text: "x" }), "message to edit not found");
  assert.equal(await refused("editMessageText", { text: "x", message_id: "first" }), "message to edit not found");
  assert.equal(
    await refused("editMessageText", { text: "x", chat_id: undefined }),
    "message identifier is not specified",
  );
  assert.equal(await refused("editMessageText", { text: "x", message_id: 1, chat_id: undefined }), "chat_id is empty");
  assert.equal(await refused("pinChatMessage"), "message to pin not found");
  assert.equal(await refused("setMessageReaction"), "message to react not found");
  assert.equal(await refused("stopPoll"), "message with poll to stop not found");
  assert.equal(await refused("deleteMessage"), "message identifier is not specified");
  assert.equal(await refused("deleteMessage", { chat_id: undefined }), "chat identifier is not specified");
  for (const method of ["copyMessage", "forwardMessage"]) {
    const purpose = method.replace("Message", "");
    assert.equal(await refused(method), 'parameter "from_chat_id" is required');
    assert.equal(await refused(method, { from_chat_id: 5, message_id: 1 }), "chat not found");
    assert.equal(await refused(method, { from_chat_id: chats.private }), `message to ${purpose} not found`);
  }
});

test("lists of message ids (Client::get_message_ids)", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const refusedIds = (message_ids: unknown) => refused("deleteMessages", { message_ids });
  assert.equal(await refusedIds(undefined), "message identifiers are not specified");
  assert.equal(await refusedIds([]), "message identifiers are not specified");
  assert.equal(await refusedIds("{}"), "expected an Array of message identifiers");
  assert.equal(await refusedIds("["), "can't parse message_ids JSON object");
  assert.equal(await refusedIds([{}]), "message identifier must be a Number");
  assert.equal(await refusedIds(["x"]), "can't parse message identifier as a Number");
  assert.equal(await refusedIds([0]), "invalid message identifier specified");
  assert.equal(await refusedIds(Array(101).fill(1)), "too many message identifiers specified");
  assert.equal(await refusedIds(["1"]), "ok");
});

test("answers without a query, an action or a reason (process_answer_…_query)", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const tooOld = "query is too old and response timeout expired or query ID is invalid";
  assert.equal(await refused("answerCallbackQuery"), tooOld);
  assert.equal(await refused("answerInlineQuery"), tooOld);
  assert.equal(await refused("answerPreCheckoutQuery", { ok: true }), tooOld);
  assert.equal(await refused("answerPreCheckoutQuery"), 'parameter "error_message" is required');
  assert.equal(await refused("answerShippingQuery", { ok: true }), 'parameter "shipping_options" is required');
  assert.equal(await refused("sendChatAction", { chat_id: 5 }), "wrong parameter action in request");
  assert.equal(await refused("banChatMember"), "invalid user_id specified");
});

test("lists that may be empty may be missing (get_bot_commands, get_inline_query_results)", async () => {
  const { simulator, ann, refused } = await furnished();
  await using _ = simulator;
  assert.equal(await refused("setMyCommands"), "ok");
  const { inline_query_id } = await ann.inlineQuery("tea");
  assert.equal(await refused("answerInlineQuery", { inline_query_id }), "ok");
});

test("methods and parameters have their old names, too (Client::init_methods, get_reply_parameters, get_link_preview_options)", async () => {
  const { simulator, call, chats } = await furnished();
  await using _ = simulator;
  const bob = await simulator.user("bob");
  const chat_id = chats.supergroup;
  await simulator.perform("join", { user_id: bob.id, chat_id });
  // Its owner, the bot and Bob.
  assert.equal((await call("getChatMembersCount", { chat_id })).result, 3);
  assert.equal(verdict(await call("kickChatMember", { chat_id, user_id: bob.id })), "ok");
  assert.equal((await call("getchatmember", { chat_id, user_id: bob.id })).result.status, "kicked");

  const { message_id } = (await call("sendMessage", { chat_id, text: "one" })).result;
  const reply = await call("sendMessage", {
    chat_id,
    text: "https://example.org",
    reply_to_message_id: String(message_id),
    disable_web_page_preview: true,
  });
  assert.equal(reply.result.reply_to_message.message_id, message_id);
  assert.deepEqual(reply.result.link_preview_options, { is_disabled: true });
  const alone = { chat_id, text: "two", reply_to_message_id: 99 };
  assert.equal(verdict(await call("sendMessage", alone)), "400 Bad Request: message to be replied not found");
  assert.equal(verdict(await call("sendMessage", { ...alone, allow_sending_without_reply: "true" })), "ok");
  const quiz = { chat_id, question: "?", options: ["a", "b"], type: "quiz" };
  assert.equal(verdict(await call("sendPoll", { ...quiz, correct_option_id: 1 })), "ok");
  assert.equal(
    verdict(await call("sendPoll", { ...quiz, correct_option_id: 2 })),
    "400 Bad Request: wrong quiz correct_option_id",
  );
});
