/** Polls, dice, reactions, places, albums. The texts are tdlib's, from the file that a test names; constants are from the field. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "../refusals.ts";

test("polls (PollOption.cpp, PollManager.cpp, MessageContent.cpp)", async () => {
  const { simulator, chats, refused } = await furnished();
  await using _ = simulator;
  const poll = (parameters: object) => refused("sendPoll", { question: "?", options: ["a", "b"], ...parameters });
  const many = (count: number) => Array.from({ length: count }, (_, at) => ({ text: `option ${at}` }));
  assert.equal(await poll({ options: [] }), "poll must have at least one answer option");
  assert.equal(await poll({ options: many(1) }), "ok");
  assert.equal(await poll({ options: many(12) }), "ok");
  assert.equal(await poll({ options: many(13) }), "poll can't have more than 12 options");
  assert.equal(await poll({ options: ["a", "x".repeat(101)] }), "poll options length must not exceed 100");
  assert.equal(await poll({ options: ["a", ""] }), "text must be non-empty");
  assert.equal(await poll({ options: ["a", 1] }), "expected an option to be of type String");
  assert.equal(await poll({ options: ["a", {}] }), `can't find field "text"`);
  assert.equal(await poll({ options: "x" }), "can't parse options JSON object");
  assert.equal(await poll({ options: {} }), "expected an Array of String as options");
  assert.equal(await poll({ options: undefined }), "can't parse options JSON object");
  assert.equal(await poll({ question: undefined }), "text must be non-empty");
  assert.equal(await poll({ question: "x".repeat(300) }), "ok");
  assert.equal(await poll({ question: "x".repeat(301) }), "poll question length must not exceed 300");
  assert.equal(await poll({ question: `<b>${"x".repeat(300)}</b>`, question_parse_mode: "HTML" }), "ok");
  assert.equal(await poll({ type: "guess" }), "unsupported poll type specified");
  assert.equal(await poll({ type: "guess", chat_id: 5 }), "unsupported poll type specified");
  assert.equal(await poll({ options: [], chat_id: 5 }), "chat not found");
  assert.equal(await poll({ options: [], chat_id: chats.supergroup }), "poll must have at least one answer option");
});

test("quizzes (PollManager::check_quiz_correct_option_ids)", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  const quiz = (correct_option_ids: unknown, more: object = {}) =>
    refused("sendPoll", { question: "?", options: ["a", "b", "c"], type: "quiz", correct_option_ids, ...more });
  assert.equal(await quiz(undefined), "correct quiz option list must be non-empty");
  assert.equal(await quiz([2, 1]), "correct quiz option list must be increasing");
  assert.equal(await quiz([3]), "wrong quiz correct_option_id");
  assert.equal(await quiz([-1]), "wrong quiz correct_option_id");
  assert.equal(await quiz(["1"]), "correct option identifier must be of type Number");
  assert.equal(await quiz({}), "expected an Array of correct option identifiers");
  assert.equal(await quiz([0, 2]), "ok");
  assert.equal(await quiz([0], { explanation: "x".repeat(201) }), "QUIZ_ANSWER_TOO_LONG");
});

test("dice (the reference's sendDice, field)", async () => {
  const { simulator, refused } = await furnished();
  await using _ = simulator;
  assert.equal(await refused("sendDice", { emoji: "x" }), "EMOTICON_INVALID");
  for (const emoji of ["🎲", "🎯", "🏀", "⚽", "⚽️", "🎳", "🎰", undefined]) {
    assert.equal(await refused("sendDice", { emoji }), "ok");
  }
});

test("reactions (the reference's ReactionTypeEmoji, Client::get_reaction_type, field)", async () => {
  const { simulator, ann, refused } = await furnished();
  await using _ = simulator;
  const { message_id } = await ann.sendText("hi");
  const react = (...reaction: unknown[]) => refused("setMessageReaction", { message_id, reaction });
  assert.equal(await react({ type: "emoji", emoji: "zap" }), "REACTION_INVALID");
  assert.equal(await react({ type: "emoji", emoji: "🍵" }), "REACTION_INVALID");
  for (const emoji of ["👍", "❤", "❤️", "❤‍🔥", "👨‍💻", "🤷‍♂️"]) assert.equal(await react({ type: "emoji", emoji }), "ok");
  assert.equal(await react({ type: "custom_emoji", custom_emoji_id: "7" }), "ok");
  assert.equal(await react({ type: "paid" }), "can't parse ReactionType: invalid reaction type specified");
  assert.equal(await react("👍"), "can't parse ReactionType: expected an Object");
  assert.equal(await react({ type: "emoji" }), `can't parse ReactionType: Can't find field "emoji"`);
  assert.equal(await react({ type: "emoji", emoji: "👍" }, { type: "emoji", emoji: "👎" }), "REACTIONS_TOO_MANY");
  assert.equal(await react(), "ok");
});

test("places (Location.cpp)", async () => {
  const { simulator, call, chats, refused } = await furnished();
  await using _ = simulator;
  const at = { latitude: 1, longitude: 2 };
  assert.equal(await refused("sendLocation", { ...at, latitude: undefined }), "latitude is empty");
  assert.equal(await refused("sendLocation", { ...at, latitude: 200 }), "invalid location specified");
  assert.equal(await refused("sendLocation", { ...at, longitude: -181 }), "invalid location specified");
  assert.equal(
    await refused("sendVenue", { ...at, title: "x", address: "y", latitude: 91 }),
    "invalid location specified",
  );
  assert.equal(await refused("sendLocation", { ...at, live_period: 59 }), "wrong live location period specified");
  assert.equal(await refused("sendLocation", { ...at, live_period: 0x7fffffff }), "ok");
  assert.equal(
    await refused("sendLocation", { ...at, live_period: 60, heading: 361 }),
    "wrong live location heading specified",
  );
  const radius = { ...at, live_period: 60, proximity_alert_radius: 100_001 };
  assert.equal(await refused("sendLocation", radius), "wrong live location proximity alert radius specified");
  const { message_id } = (await call("sendLocation", { chat_id: chats.private, ...at, live_period: 60 })).result;
  assert.equal(
    await refused("editMessageLiveLocation", { message_id, ...at, latitude: 91 }),
    "invalid location specified",
  );
});

test("albums (check_message_group_message_contents, Client::get_input_media)", async () => {
  const { simulator, call, chats, refused } = await furnished();
  await using _ = simulator;
  const item = (type: string, more: object = {}) => ({ type, media: "file", ...more });
  const album = (...media: unknown[]) => refused("sendMediaGroup", { media });
  assert.equal(await album(), "there are no messages to send");
  assert.equal(await album(...Array(11).fill(item("photo"))), "too many messages to send as an album");
  assert.equal(await album(item("photo"), item("document")), "document can't be mixed with other media types");
  assert.equal(await album(item("video"), item("audio")), "audio can't be mixed with other media types");
  for (const type of ["audio", "document"]) assert.equal(await album(item(type), item(type)), "ok");
  assert.equal(await album(item("photo"), item("video")), "ok");
  const wrong = (text: string) => `can't parse InputMedia: ${text}`;
  assert.equal(await album(item("animation")), wrong(`type "animation" can't be used in sendMediaGroup`));
  assert.equal(await album(item("zap")), wrong(`type "zap" is unsupported`));
  assert.equal(await album({ type: "photo" }), wrong("media not found"));
  assert.equal(await album({ media: "file" }), wrong(`Can't find field "type"`));
  assert.equal(await album("file"), wrong("expected an Object"));
  const above = item("photo", { show_caption_above_media: true });
  assert.equal(
    await album(above, item("photo")),
    "parameter show_caption_above_media must be the same for all messages",
  );
  const long = item("photo", { caption: "x".repeat(1025) });
  assert.equal(await album(item("photo"), long), "message caption is too long");
  // An album is sent whole, or not at all.
  assert.deepEqual(
    (await simulator.perform("messages", { chat_id: chats.private })).filter(({ caption }) => caption),
    [],
  );
  const one = (await call("sendMediaGroup", { chat_id: chats.private, media: [item("photo", { caption: "alone" })] }))
    .result;
  assert.deepEqual([one.length, one[0].caption, one[0].media_group_id], [1, "alone", undefined]);
});

test("paid media, and media in edits (MessageContent.cpp, Client::get_input_media)", async () => {
  const { simulator, call, chats, refused } = await furnished();
  await using _ = simulator;
  const photo = { type: "photo", media: "file" };
  const paid = (parameters: object) =>
    refused("sendPaidMedia", { chat_id: chats.channel, star_count: 1, media: [photo], ...parameters });
  assert.equal(await paid({ media: [] }), "invalid number of paid media specified");
  assert.equal(await paid({ media: Array(11).fill(photo) }), "invalid number of paid media specified");
  assert.equal(await paid({ star_count: 0 }), "invalid media price specified");
  assert.equal(
    await paid({ media: [{ type: "audio", media: "x" }] }),
    `can't parse InputPaidMedia: type "audio" is unsupported`,
  );
  assert.equal(await paid({}), "ok");
  const { message_id } = (await call("sendPhoto", { chat_id: chats.private, photo: "file" })).result;
  const edit = (media: unknown) => refused("editMessageMedia", { message_id, media });
  assert.equal(await edit({ type: "zap", media: "x" }), `can't parse InputMedia: type "zap" is unsupported`);
  assert.equal(await edit({ type: "photo", media: "x", caption: "x".repeat(1025) }), "message caption is too long");
  assert.equal(await edit({ type: "animation", media: "other" }), "ok");
});

test("methods that a basic group does not have (process_promote_chat_member_query, process_set_chat_sticker_set_query)", async () => {
  const { simulator, chats, refused } = await furnished();
  await using _ = simulator;
  const bob = await simulator.user("bob");
  const promote = { chat_id: chats.group, user_id: bob.id, can_pin_messages: true };
  assert.equal(
    await refused("promoteChatMember", promote),
    "method is available for supergroup and channel chats only",
  );
  const set = { chat_id: chats.group, sticker_set_name: "x" };
  assert.equal(await refused("setChatStickerSet", set), "method is available only for supergroups");
  assert.equal(await refused("deleteChatStickerSet", set), "method is available only for supergroups");
  assert.equal(await refused("setChatStickerSet", { ...set, chat_id: chats.supergroup }), "ok");
  const unnamed = { chat_id: chats.supergroup };
  assert.equal(await refused("setChatStickerSet", unnamed), "sticker_set_name is empty");
});
