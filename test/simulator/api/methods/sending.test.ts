import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { pngHeader } from "../../png-header.ts";

/** A simulator with a user who has started the bot. */
async function started() {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  await ann.sendText("/start");
  return { simulator, ann, call: callerOf(simulator), chat_id: ann.id };
}

test("sendMessage returns the message, and the chat holds it", async () => {
  const { simulator, ann, call, chat_id } = await started();
  await using _ = simulator;
  const { result } = await call("sendMessage", {
    chat_id: String(chat_id),
    text: "<b>hi</b> /all",
    parse_mode: "HTML",
  });
  assert.deepEqual(result, {
    message_id: 2,
    from: { id: simulator.bot.id, is_bot: true, first_name: "Bot", username: "simulated_bot" },
    chat: { id: chat_id, type: "private", first_name: "ann", username: "ann" },
    date: result.date,
    text: "hi /all",
    entities: [
      { type: "bold", offset: 0, length: 2 },
      { type: "bot_command", offset: 3, length: 4 },
    ],
  });
  assert.deepEqual((await ann.chat.messages()).at(-1), result);
  assert.deepEqual(await ann.nextMessage(), result);
});

test("an invalid message is refused in Telegram's words", async () => {
  const { simulator, call, chat_id } = await started();
  await using _ = simulator;
  const refused = async (parameters: object) =>
    verdict(await call("sendMessage", { chat_id, text: "x", ...parameters }));
  const markup = (button: object) => ({ reply_markup: { inline_keyboard: [[button]] } });

  assert.equal(await refused({ text: "" }), "400 Bad Request: message text is empty");
  assert.equal(await refused({ text: undefined }), "400 Bad Request: message text is empty");
  assert.equal(await refused({ text: " \n " }), "400 Bad Request: text must be non-empty");
  assert.equal(await refused({ text: "x".repeat(4097) }), "400 Bad Request: message is too long");
  assert.equal(await refused({ text: `<b>${"x".repeat(4096)}</b>`, parse_mode: "HTML" }), "ok");
  assert.equal(await refused({ chat_id: undefined }), "400 Bad Request: chat_id is empty");
  assert.equal(await refused({ chat_id: 5 }), "400 Bad Request: chat not found");
  assert.equal(await refused({ chat_id: "nobody" }), "400 Bad Request: chat not found");
  assert.equal(await refused({ chat_id: "@nowhere" }), "400 Bad Request: chat not found");
  assert.equal(
    await refused({ reply_parameters: { message_id: 77 } }),
    "400 Bad Request: message to be replied not found",
  );
  assert.equal(await refused({ reply_parameters: { message_id: 77, allow_sending_without_reply: true } }), "ok");
  assert.equal(
    await refused(markup({ text: "x", callback_data: "é".repeat(33) })),
    "400 Bad Request: BUTTON_DATA_INVALID",
  );
  assert.equal(await refused(markup({ text: "x", callback_data: "é".repeat(32) })), "ok");
  assert.equal(
    await refused(markup({ text: "x", url: "not a url" })),
    "400 Bad Request: inline keyboard button URL 'not a url' is invalid: Disallowed character in URL host",
  );
  assert.equal(
    await refused(markup({ text: "x" })),
    "400 Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  );
});

test("the bot may write to users who started and do not block it, and to groups that it is in", async () => {
  const { simulator, ann, call } = await started();
  await using _ = simulator;
  const to = async (chat_id: number | string) => verdict(await call("sendMessage", { chat_id, text: "x" }));
  const bob = await simulator.user("bob");
  assert.equal(await to(bob.id), "403 Forbidden: bot can't initiate conversation with a user");
  await ann.block();
  assert.equal(await to(ann.id), "403 Forbidden: bot was blocked by the user");
  await ann.unblock();
  assert.equal(await to(ann.id), "ok");
  const types = ["group", "supergroup", "channel"] as const;
  for (const type of types) {
    const chat = await simulator.group(`a ${type}`, type);
    assert.equal(await to(chat.id), "ok");
    await chat.removeBot(ann);
    assert.equal(await to(chat.id), `403 Forbidden: bot was kicked from the ${type} chat`);
    await chat.addBot(ann);
    await call("leaveChat", { chat_id: chat.id });
    assert.equal(await to(chat.id), `403 Forbidden: bot is not a member of the ${type} chat`);
  }
});

test("a group that became a supergroup refuses with the new id", async () => {
  const { simulator, ann, call } = await started();
  await using _ = simulator;
  const group = await simulator.group("Old", "group");
  const supergroup = await group.upgrade(ann);
  const reply = await call("sendMessage", { chat_id: group.id, text: "x" });
  assert.equal(verdict(reply), "400 Bad Request: group chat was upgraded to a supergroup chat");
  assert.deepEqual(reply.parameters, { migrate_to_chat_id: supergroup.id });
  assert.equal(verdict(await call("sendMessage", { chat_id: supergroup.id, text: "x" })), "ok");
});

test("private chats and groups share their message ids, each supergroup has its own", async () => {
  const { simulator, call, chat_id } = await started();
  await using _ = simulator;
  const group = await simulator.group("small", "group");
  const large = await simulator.group("large", "supergroup");
  const send = async (chat_id: number) => (await call("sendMessage", { chat_id, text: "x" })).result.message_id;
  assert.deepEqual(
    [await send(chat_id), await send(group.id), await send(large.id), await send(large.id)],
    [2, 3, 1, 2],
  );
});

test("a channel post has the channel as its sender", async () => {
  const { simulator, call } = await started();
  await using _ = simulator;
  const channel = await simulator.channel("News");
  const { result } = await call("sendMessage", { chat_id: channel.id, text: "x" });
  assert.deepEqual([result.from, result.sender_chat.title], [undefined, "News"]);
});

test("each kind of content is a field of the message", async () => {
  const { simulator, call, chat_id } = await started();
  await using _ = simulator;
  const sent = async (method: string, parameters: object) => (await call(method, { chat_id, ...parameters })).result;

  const photo = await sent("sendPhoto", { photo: "https://example.org/x.jpg", caption: "*c*", parse_mode: "Markdown" });
  assert.equal(photo.photo.length, 2);
  assert.deepEqual([photo.caption, photo.caption_entities[0].type], ["c", "bold"]);
  const again = await sent("sendPhoto", { photo: photo.photo[1].file_id });
  assert.equal(again.photo[1].file_unique_id, photo.photo[1].file_unique_id);

  assert.equal((await sent("sendVideo", { video: "v", duration: 9, width: 3 })).video.duration, 9);
  assert.deepEqual((await sent("sendLocation", { latitude: "1.5", longitude: 2 })).location, {
    latitude: 1.5,
    longitude: 2,
  });
  const { venue } = await sent("sendVenue", { latitude: 1, longitude: 2, title: "Here", address: "There 1" });
  assert.deepEqual(venue, { location: { latitude: 1, longitude: 2 }, title: "Here", address: "There 1" });
  assert.equal((await sent("sendContact", { phone_number: "+1", first_name: "Bo" })).contact.phone_number, "+1");
  const { dice } = await sent("sendDice", { emoji: "🏀" });
  assert.ok(dice.emoji === "🏀" && dice.value >= 1 && dice.value <= 5);
  const prices = [
    { label: "a", amount: 2 },
    { label: "b", amount: 3 },
  ];
  const { invoice } = await sent("sendInvoice", {
    title: "It",
    description: "d",
    payload: "p",
    currency: "XTR",
    prices,
  });
  assert.deepEqual([invoice.title, invoice.currency, invoice.total_amount], ["It", "XTR", 5]);
  const { poll } = await sent("sendPoll", {
    question: "Q?",
    options: ["a", { text: "b" }],
    is_anonymous: false,
    type: "quiz",
    correct_option_ids: [1],
  });
  assert.deepEqual(
    [poll.question, poll.type, poll.is_anonymous, poll.options.map(({ text }: { text: string }) => text)],
    ["Q?", "quiz", false, ["a", "b"]],
  );
  const album = await sent("sendMediaGroup", {
    media: [
      { type: "photo", media: "a", caption: "one" },
      { type: "video", media: "b" },
    ],
  });
  assert.equal(album[0].caption, "one");
  assert.ok(album[1].video);
  assert.equal(album[0].media_group_id, album[1].media_group_id);
});

// Client.cpp, JsonMessage: "document" beside "animation", "location" beside "venue".
test("fields for old bots are set beside the new ones", async () => {
  const { simulator, call, chat_id } = await started();
  await using _ = simulator;
  const { venue, location } = (
    await call("sendVenue", { chat_id, latitude: 1, longitude: 2, title: "x", address: "y" })
  ).result;
  assert.deepEqual(location, venue.location);
  const { animation, document } = (await call("sendAnimation", { chat_id, animation: "https://example.org/a.gif" }))
    .result;
  assert.equal(document.file_id, animation.file_id);
  const sent = await call("sendLivePhoto", { chat_id, live_photo: "a_video", photo: "a_picture" });
  assert.equal(sent.result.photo.length, 2);
  assert.deepEqual(sent.result.live_photo.photo, sent.result.photo);
});

// Client.cpp, JsonPhoto, JsonFile; the real server has the sizes of the image.
test("an uploaded photo has the sizes of its image, and each version downloads", async () => {
  const { simulator, call, chat_id } = await started();
  await using _ = simulator;
  const bytes = pngHeader(800, 400);
  const { photo } = (await call("sendPhoto", { chat_id, photo: new File([bytes], "p.png"), caption: "c" })).result;
  assert.deepEqual(
    photo.map(({ width, height }: { width: number; height: number }) => [width, height]),
    [
      [90, 45],
      [320, 160],
      [800, 400],
    ],
  );
  const download = async (file_id: string) => {
    const { file_path } = (await call("getFile", { file_id })).result;
    const response = await fetch(`${simulator.url}/file/bot${simulator.token}/${file_path}`);
    return { file_path, status: response.status, bytes: await response.bytes() };
  };
  for (const { file_id } of photo) {
    const file = await download(file_id);
    assert.deepEqual([file.bytes, file.file_path.slice(-4)], [bytes, ".jpg"]);
  }
  const small = (await call("sendPhoto", { chat_id, photo: "https://example.org/x.jpg" })).result.photo[0];
  assert.equal((await download(small.file_id)).status, 200);
  const text = (await call("sendDocument", { chat_id, document: new File(["x"], "notes.txt") })).result.document;
  assert.match((await download(text.file_id)).file_path, /^documents\/file_\d+\.txt$/);
  for (let at = 0; at < 65; at++) await call("sendDocument", { chat_id, document: new File([`${at}`], "x.txt") });
  assert.equal((await download(text.file_id)).status, 200);
  const madeUp = (await call("sendDocument", { chat_id, document: "my-own-id" })).result.document.file_id;
  assert.equal(
    verdict(await call("getFile", { file_id: madeUp })),
    "400 Bad Request: wrong file_id or the file is temporarily unavailable",
  );
});

// tdlib, MessageEntity.cpp: a mention needs a user whom the bot knows.
test("a mention by id has the whole user, and one of an unknown user is dropped, in texts, captions and edits", async () => {
  const { simulator, ann, call, chat_id } = await started();
  await using _ = simulator;
  const { from } = await ann.sendText("hi");
  const text = `[Ann](tg://user?id=${ann.id}) [me](tg://user?id=${simulator.bot.id}) [who](tg://user?id=5)`;
  const { id, first_name, username } = simulator.bot;
  const mentions = [
    { type: "text_mention", offset: 0, length: 3, user: from },
    { type: "text_mention", offset: 4, length: 2, user: { id, is_bot: true, first_name, username } },
  ];
  const sent = await call("sendMessage", { chat_id, text, parse_mode: "Markdown" });
  assert.deepEqual(sent.result.entities, mentions);
  const { message_id } = sent.result;
  const again = await call("editMessageText", { chat_id, message_id, text, parse_mode: "MarkdownV2" });
  assert.match(again.description ?? "", /message is not modified/);
  const media = { chat_id, document: new Blob(["x"]), caption: "Ann me", caption_entities: JSON.stringify(mentions) };
  assert.deepEqual((await call("sendDocument", media)).result.caption_entities, mentions);
  const lone = { chat_id, text: "who", entities: [{ type: "text_mention", offset: 0, length: 3, user: { id: 5 } }] };
  assert.equal("entities" in (await call("sendMessage", lone)).result, false);
});

test("a reply keyboard belongs to the chat, and its buttons are pressed by text or number", async () => {
  const { simulator, ann, call, chat_id } = await started();
  await using _ = simulator;
  const reply_markup = { keyboard: [["Tea", { text: "My number", request_contact: true }]] };
  const { result } = await call("sendMessage", { chat_id, text: "What?", reply_markup });
  assert.equal(result.reply_markup, undefined);
  assert.equal((await ann.press("Tea")).message?.text, "Tea");
  assert.equal((await ann.press(2)).message?.contact?.user_id, ann.id);
  await call("sendMessage", { chat_id, text: "Thanks", reply_markup: { remove_keyboard: true } });
  await assert.rejects(ann.press("Tea"), /no button/);
});

test("sendChatAction appears in the chat", async () => {
  const { simulator, ann, call, chat_id } = await started();
  await using _ = simulator;
  await call("sendChatAction", { chat_id, action: "typing" });
  assert.equal((await ann.chat.next("action")).action, "typing");
  const wrong = await call("sendChatAction", { chat_id, action: "sleeping" });
  assert.equal(verdict(wrong), "400 Bad Request: wrong parameter action in request");
});
