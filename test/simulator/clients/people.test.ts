/** The actions of users and the updates that the bot receives, in-process and over HTTP. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Update } from "@grammyjs/types";
import { type ClientSide, Simulator, SimulatorClient } from "../../../simulator/index.ts";
import { UPDATE_KINDS } from "../../../src/protocol/route.ts";
import { type Caller, callerOf } from "../caller.ts";
import { pngHeader } from "../png-header.ts";

interface Setting {
  /** The client side. */
  side: ClientSide;
  call: Caller;
  /** The updates that the bot has received since the last call. */
  received(): Promise<Update[]>;
  /** The bytes of a file, as the bot gets them. */
  download(file_id: string): Promise<Uint8Array>;
}

/** Runs a test twice: with the client side in-process and over HTTP. */
function testBoth(name: string, run: (setting: Setting) => Promise<void>): void {
  for (const where of ["in-process", "over HTTP"]) {
    test(`${name} (${where})`, async () => {
      await using simulator = await Simulator.start();
      const call = callerOf(simulator);
      const side = where === "in-process" ? simulator : new SimulatorClient(simulator.url);
      await call("getUpdates", { allowed_updates: UPDATE_KINDS });
      let offset = 0;
      const received = async () => {
        const { result } = await call("getUpdates", { offset });
        offset = (result.at(-1)?.update_id ?? offset - 1) + 1;
        return result as Update[];
      };
      const download = async (file_id: string) => {
        const { result } = await call("getFile", { file_id });
        return await (await fetch(`${simulator.url}/file/bot${simulator.token}/${result.file_path}`)).bytes();
      };
      await run({ side, call, received, download });
    });
  }
}

testBoth("a message arrives with its entities and the message that it replies to", async ({ side, call, received }) => {
  const ann = await side.user("ann", { last_name: "Lee" });
  const first = await ann.sendText("/start@simulated_bot now");
  await ann.sendText("again", { reply_to: first });
  const [one, two] = await received();
  assert.deepEqual(one?.message, first);
  assert.deepEqual(one?.message?.entities, [{ type: "bot_command", offset: 0, length: 20 }]);
  assert.equal(one?.message?.from?.last_name, "Lee");
  assert.equal(two?.message?.reply_to_message?.message_id, first.message_id);
  assert.equal((await call("sendMessage", { chat_id: ann.id, text: "yes" })).ok, true);
  assert.deepEqual(
    (await ann.chat.messages()).map(({ text }) => text),
    ["/start@simulated_bot now", "again", "yes"],
  );
});

testBoth("a photo arrives in several sizes, and each can be downloaded", async ({ side, call, received, download }) => {
  const ann = await side.user("ann");
  const bytes = pngHeader(1600, 400);
  await ann.sendPhoto(bytes, { caption: "a bridge #art", reply_to: await ann.sendText("look") });
  const { message } = (await received())[1]!;
  assert.equal(message?.caption, "a bridge #art");
  assert.deepEqual(message?.caption_entities, [{ type: "hashtag", offset: 9, length: 4 }]);
  assert.equal(message?.reply_to_message?.text, "look");
  const photo = message!.photo!;
  assert.deepEqual(
    photo.map(({ width, height, file_size }) => [width, height, file_size]),
    [90, 320, 800, 1280, 1600].map((width) => [width, Math.round(width / 4), bytes.length]),
  );
  for (const ids of [photo.map(({ file_id }) => file_id), photo.map(({ file_unique_id }) => file_unique_id)]) {
    assert.equal(new Set(ids).size, photo.length);
  }
  assert.deepEqual(Object.keys(photo[0]!), ["file_id", "file_unique_id", "width", "height", "file_size"]);
  for (const { file_id } of photo) assert.deepEqual(await download(file_id), bytes);
  assert.equal((await call("sendPhoto", { chat_id: ann.id, photo: photo.at(-1)!.file_id })).ok, true);
});

testBoth("a small photo has one size, and another file is none", async ({ side, received }) => {
  const ann = await side.user("ann");
  await ann.sendPhoto(pngHeader(90, 9));
  await assert.rejects(ann.sendPhoto(Buffer.from("GIF89a")), { name: "ActionError", message: /no photo/ });
  const [{ message } = {}, ...others] = await received();
  assert.deepEqual(
    message?.photo?.map(({ width, height }) => [width, height]),
    [[90, 9]],
  );
  assert.deepEqual(others, []);
});

testBoth("a video and a voice message have a type and a duration", async ({ side, received, download }) => {
  const ann = await side.user("ann");
  const group = await side.group("Team");
  const bytes = new Uint8Array(8000).fill(1);
  await ann.sendVideo(bytes, { name: "cat.webm", chat: group, caption: "cat" });
  await ann.sendVideo(bytes, { width: 320, height: 200, duration: 90 });
  await ann.sendVoice(bytes);
  await ann.sendVoice(bytes, { name: "purr.mp3", duration: 7 });
  const messages = (await received()).map(({ message }) => message!);
  assert.deepEqual([messages[0]!.chat.id, messages[0]!.caption], [group.id, "cat"]);
  const media = messages.map(({ video, voice }) => video ?? voice!);
  assert.deepEqual(
    media.map(({ file_id: _, file_unique_id: __, ...rest }) => rest),
    [
      { file_size: 8000, file_name: "cat.webm", mime_type: "video/webm", width: 1280, height: 720, duration: 1 },
      { file_size: 8000, file_name: "video.mp4", mime_type: "video/mp4", width: 320, height: 200, duration: 90 },
      { file_size: 8000, mime_type: "audio/ogg", duration: 2 },
      { file_size: 8000, mime_type: "audio/mpeg", duration: 7 },
    ],
  );
  for (const { file_id } of media) assert.deepEqual(await download(file_id), bytes);
});

testBoth("music, an animation and a sticker arrive as such; files with the same album are one", async (it) => {
  const { side, received, download } = it;
  const ann = await side.user("ann");
  const bytes = new Uint8Array(40_000).fill(1);
  await ann.sendAudio(bytes, { performer: "Ann", title: "Tea for two", caption: "listen" });
  await ann.sendAnimation(bytes, { name: "cat.gif", duration: 3 });
  await ann.sendSticker(bytes, { emoji: "🍵" });
  await ann.sendVideo(bytes, { album: "7", caption: "both" });
  await ann.sendFile("a.txt", bytes, { album: "7" });
  const messages = (await received()).map(({ message }) => message!);
  const [music, moving, sticker, first, second] = messages;
  const without = ({ file_id: _, file_unique_id: __, ...rest }: { file_id: string; file_unique_id: string }) => rest;
  assert.deepEqual(
    [without(music!.audio!), without(moving!.animation!), without(sticker!.sticker!)],
    [
      {
        ...{ file_size: 40_000, file_name: "audio.mp3", mime_type: "audio/mpeg", duration: 2 },
        ...{ performer: "Ann", title: "Tea for two" },
      },
      { file_size: 40_000, file_name: "cat.gif", mime_type: "image/gif", width: 480, height: 270, duration: 3 },
      {
        ...{ file_size: 40_000, type: "regular", width: 512, height: 512 },
        ...{ is_animated: false, is_video: false, emoji: "🍵" },
      },
    ],
  );
  assert.deepEqual([music!.caption, moving!.document!.file_id], ["listen", moving!.animation!.file_id]);
  assert.deepEqual([first!.media_group_id, first!.caption, second!.media_group_id], ["7", "both", "7"]);
  for (const { audio, animation, sticker: shown } of messages.slice(0, 3))
    assert.deepEqual(await download((audio ?? animation ?? shown)!.file_id), bytes);
});

testBoth("an edit arrives as edited_message", async ({ side, received }) => {
  const ann = await side.user("ann");
  const message = await ann.sendText("helo");
  await ann.edit(message, "hello");
  const [, edit] = await received();
  assert.equal(edit?.edited_message?.text, "hello");
  assert.ok(edit?.edited_message?.edit_date);
});

testBoth("an edit of a photo is one of its caption", async ({ side, received }) => {
  const ann = await side.user("ann");
  const photo = await ann.sendPhoto(pngHeader(10, 10), { caption: "look #here" });
  await ann.edit(photo, "look");
  const { text, caption, caption_entities, photo: kept } = (await received())[1]!.edited_message!;
  assert.deepEqual(
    { text, caption, caption_entities },
    { text: undefined, caption: "look", caption_entities: undefined },
  );
  assert.ok(kept !== undefined);
});

testBoth("the same name gives the same user, and the same title the same chat", async ({ side }) => {
  assert.equal(await side.user("ann"), await side.user("Ann"));
  assert.notEqual((await side.user("ann")).id, (await side.user("bob")).id);
  assert.equal(await side.group("Team"), await side.group("Team"));
});

testBoth("a pressed button sends a callback query and waits for its answer", async ({ side, call, received }) => {
  const ann = await side.user("ann");
  await ann.sendText("/start");
  const inline_keyboard = [
    [
      { text: "Yes", callback_data: "y" },
      { text: "No", callback_data: "n" },
    ],
    [{ text: "Read", url: "https://example.org" }],
    [{ text: "Log in", login_url: { url: "https://example.org/in" } }],
  ];
  await call("sendMessage", { chat_id: ann.id, text: "Well?", reply_markup: { inline_keyboard } });
  const message = await ann.nextMessage();
  await received();
  for (const button of ["No", 2, { row: 0, column: 1 }]) {
    const press = await ann.press(button);
    const [update] = await received();
    const query = update?.callback_query;
    assert.deepEqual([query?.data, query?.message, query?.from.id], ["n", message, ann.id]);
    await call("answerCallbackQuery", { callback_query_id: query?.id, text: "Pity", show_alert: true });
    const { text, show_alert } = await press.answered();
    assert.deepEqual([text, show_alert], ["Pity", true]);
    const again = await call("answerCallbackQuery", { callback_query_id: query?.id });
    assert.equal(
      again.description,
      "Bad Request: query is too old and response timeout expired or query ID is invalid",
    );
  }
  assert.equal((await ann.press("Read")).url, "https://example.org");
  assert.equal((await ann.press("Log in")).url, "https://example.org/in");
  assert.deepEqual(await received(), []);
  await assert.rejects(ann.press("Maybe"), /no button "Maybe"/);
});

testBoth("an inline query is answered with results", async ({ side, call, received }) => {
  const ann = await side.user("ann");
  const asked = await ann.inlineQuery("cats");
  const [update] = await received();
  assert.equal(update?.inline_query?.query, "cats");
  const results = [{ type: "article", id: "1", title: "Cat", input_message_content: { message_text: "meow" } }];
  await call("answerInlineQuery", { inline_query_id: asked.inline_query_id, results });
  assert.deepEqual((await asked.answered()).results, results);
});

testBoth(
  "joining and leaving a group arrive as service messages, for an administrator also as chat_member",
  async ({ side, received }) => {
    const ann = await side.user("ann");
    const bob = await side.user("bob");
    const group = await side.group("Team");
    await ann.join(group);
    const [join] = await received();
    assert.equal(join?.message?.new_chat_members?.[0]?.id, ann.id);
    await group.promoteBot(ann);
    await bob.join(group);
    await bob.leave(group);
    const [promoted, joined, joinMessage, left, leaveMessage] = await received();
    assert.equal(promoted?.my_chat_member?.new_chat_member.status, "administrator");
    assert.deepEqual(
      [joined, left].map((update) => update?.chat_member?.new_chat_member.status),
      ["member", "left"],
    );
    assert.ok(joinMessage?.message?.new_chat_members);
    assert.equal(leaveMessage?.message?.left_chat_member?.id, bob.id);
  },
);

testBoth("the bot receives changes of its own status, and being blocked", async ({ side, received }) => {
  const ann = await side.user("ann");
  const group = await side.group("Team");
  await group.removeBot(ann);
  await ann.sendText("not received", { chat: group });
  await group.addBot(ann);
  await ann.block();
  await ann.unblock();
  const updates = await received();
  const changes = updates.flatMap(({ my_chat_member: change }) =>
    change === undefined ? [] : `${change.chat.type} ${change.old_chat_member.status} ${change.new_chat_member.status}`,
  );
  assert.deepEqual(changes, [
    "supergroup member kicked",
    "supergroup kicked member",
    "private member kicked",
    "private kicked member",
  ]);
  assert.ok(!updates.some(({ message }) => message?.text !== undefined));
});

testBoth("a user who has blocked the bot and writes again has unblocked it first", async ({ side, received }) => {
  const ann = await side.user("ann");
  await ann.sendText("hi");
  await ann.block();
  await ann.sendText("hi again");
  const [, blocked, unblocked, message] = await received();
  assert.equal(blocked?.my_chat_member?.new_chat_member.status, "kicked");
  const { old_chat_member, new_chat_member } = unblocked!.my_chat_member!;
  assert.deepEqual([old_chat_member.status, new_chat_member.status], ["kicked", "member"]);
  assert.equal(message?.message?.text, "hi again");
});

testBoth("members of a group in slow mode wait between messages", async ({ side, call }) => {
  const [ann, owner] = [await side.user("ann"), await side.user("boss")];
  const chat = await side.group("Slow", { slow_mode: 60, owner });
  await ann.sendText("one", { chat });
  await assert.rejects(ann.sendText("two", { chat }), /ann has to wait/);
  for (const text of ["one", "two"]) await owner.sendText(text, { chat });
  assert.equal((await call("getChat", { chat_id: chat.id })).result.slow_mode_delay, 60);
});

testBoth("a reaction and a vote arrive", async ({ side, call, received }) => {
  const ann = await side.user("ann");
  const message = await ann.sendText("hi");
  await ann.react(message, "🔥");
  await ann.react(message);
  const [, given, taken] = await received();
  assert.deepEqual(given?.message_reaction?.new_reaction, [{ type: "emoji", emoji: "🔥" }]);
  assert.deepEqual([taken?.message_reaction?.old_reaction.length, taken?.message_reaction?.new_reaction], [1, []]);

  const options = [{ text: "a" }, { text: "b" }];
  await call("sendPoll", { chat_id: ann.id, question: "Q?", options, is_anonymous: false });
  const poll = await ann.nextMessage();
  await ann.vote(poll, [1]);
  const [counted, answer] = await received();
  assert.deepEqual(
    counted?.poll?.options.map(({ voter_count }) => voter_count),
    [0, 1],
  );
  assert.deepEqual(answer?.poll_answer?.option_ids, [1]);
  await ann.vote(poll, []);
  assert.equal((await received())[0]?.poll?.total_voter_count, 0);
});

testBoth("a channel post arrives as channel_post", async ({ side, received }) => {
  const ann = await side.user("ann");
  const channel = await side.channel("News");
  const post = await ann.sendText("extra", { chat: channel });
  await ann.edit(post, "extra!");
  const [sent, edited] = await received();
  assert.deepEqual([sent?.channel_post?.text, sent?.channel_post?.sender_chat?.id], ["extra", channel.id]);
  assert.equal(edited?.edited_channel_post?.text, "extra!");
});

testBoth("confirmed() waits for the offset, and fails at its timeout", async ({ side, received }) => {
  const ann = await side.user("ann");
  await ann.sendText("hi");
  await assert.rejects(side.confirmed({ timeout: 20 }), /no offset has confirmed/);
  const confirmed = side.confirmed();
  await received();
  await received();
  await confirmed;
});

testBoth("nextMessage() fails at its timeout", async ({ side }) => {
  const ann = await side.user("ann");
  await assert.rejects(ann.nextMessage({ timeout: 20 }), /no message for ann within 20 ms/);
});

testBoth(
  "raw updates of known and unknown kinds are delivered, and their chats exist afterwards",
  async ({ side, call, received }) => {
    const from = { id: 55, is_bot: false, first_name: "Eve" };
    const chat = { id: 55, type: "private", first_name: "Eve" };
    const kinds = [...UPDATE_KINDS, "telepathy"];
    const ids = await side.pushMany(kinds.map((kind) => ({ [kind]: { from, chat } })));
    assert.ok(ids.every((id) => id !== null));
    assert.deepEqual(
      (await received()).map((update) => Object.keys(update)[1]),
      kinds,
    );
    await side.push({ message: { message_id: 7, date: 1, from, chat, text: "hi" } });
    const reply_parameters = { message_id: 7 };
    const { result } = await call("sendMessage", { chat_id: 55, text: "hello", reply_parameters });
    assert.deepEqual([result.message_id, result.reply_to_message.text], [8, "hi"]);
  },
);

testBoth("a pushed query can be answered, and its message edited", async ({ side, call }) => {
  const from = { id: 55, is_bot: false, first_name: "Eve" };
  const chat = { id: 55, type: "private", first_name: "Eve" };
  const bot = (await call("getMe")).result;
  const message = { message_id: 7, date: 1, from: bot, chat, text: "Well?" };
  await side.push({ callback_query: { id: "q1", from, message, chat_instance: "1", data: "y" } });
  assert.equal((await call("answerCallbackQuery", { callback_query_id: "q1" })).result, true);
  assert.equal((await call("editMessageText", { chat_id: 55, message_id: 7, text: "So." })).result.text, "So.");
});

testBoth("a business chat is separate from the bot's own chat with the same id", async ({ side, call }) => {
  const from = { id: 55, is_bot: false, first_name: "Eve" };
  const chat = { id: 55, type: "private", first_name: "Eve" };
  await side.push({
    business_message: { message_id: 7, date: 1, from, chat, text: "hi", business_connection_id: "b" },
  });
  const own = await call("sendMessage", { chat_id: 55, text: "x" });
  assert.equal(own.ok, false);
  const { result } = await call("sendMessage", { chat_id: 55, text: "x", business_connection_id: "b" });
  assert.equal(result.business_connection_id, "b");
});

test("privacy mode hides group messages that are not for the bot", async () => {
  await using simulator = await Simulator.start({ bot: { can_read_all_group_messages: false } });
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team");
  const isReceived = async (text: string, reply_to?: number) => {
    const before = simulator.pending;
    await ann.sendText(text, { chat: group, ...(reply_to && { reply_to }) });
    return simulator.pending > before;
  };
  const { result } = await callerOf(simulator)("sendMessage", { chat_id: group.id, text: "hi" });
  assert.equal(await isReceived("hello"), false);
  assert.equal(await isReceived("/help"), true);
  assert.equal(await isReceived("/help@other_bot"), false);
  assert.equal(await isReceived("/help@simulated_bot"), true);
  assert.equal(await isReceived("hey @simulated_bot"), true);
  assert.equal(await isReceived("hey @Simulated_BOT"), true);
  const before = simulator.pending;
  await ann.send({ pinned_message: (await group.messages())[0]! }, { chat: group });
  assert.equal(simulator.pending, before + 1);
  assert.equal(await isReceived("hello", result.message_id), true);
});

testBoth(
  "a forward arrives with its origin, and a deletion does not arrive",
  async ({ side, call, received, download }) => {
    const ann = await side.user("ann");
    const team = await side.group("Team");
    const original = await ann.sendText("look", { chat: team });
    const forward = await ann.forward(original);
    assert.deepEqual([forward.text, forward.forward_origin?.type, forward.chat.id], ["look", "user", ann.id]);
    await ann.delete(original);
    const file = await ann.sendFile("tea.txt", "for two");
    const [, { message } = {}, sent, ...others] = await received();
    assert.deepEqual(message, forward);
    assert.deepEqual(sent?.message, file);
    assert.deepEqual(others, []);
    assert.equal(
      (await call("copyMessage", { chat_id: ann.id, from_chat_id: team.id, message_id: original.message_id })).ok,
      false,
    );
    const bytes = await side.download(file);
    assert.equal(Buffer.from(bytes).toString(), "for two");
    assert.deepEqual(new Uint8Array(bytes), await download(file.document!.file_id));
    await assert.rejects(side.download(forward), /has no file/);
  },
);
