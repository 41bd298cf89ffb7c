/**
 * Rights over members. Texts and rules: tdlib, DialogParticipantManager.cpp (`set_channel_participant_status_impl`,
 * `restrict_channel_participant`, `promote_channel_participant`), and telegram-bot-api, Client.cpp.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Update } from "@grammyjs/types";
import { type GroupOptions, Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function withGroup(options: GroupOptions = {}) {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  await call("getUpdates", { allowed_updates: ["chat_member", "my_chat_member", "message"] });
  const ann = await simulator.user("ann");
  const bob = await simulator.user("bob");
  const group = await simulator.group("Team", options);
  await ann.join(group);
  await bob.join(group);
  const at = { chat_id: group.id, user_id: ann.id };
  return { simulator, call, ann, bob, group, at, status: async () => (await call("getChatMember", at)).result.status };
}

const RIGHTS = { can_restrict_members: true, can_promote_members: true, can_pin_messages: true };

test("a member can be banned, unbanned, restricted and promoted", async () => {
  const { simulator, ann, group, call, at, status } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  assert.equal(await status(), "member");
  assert.equal((await call("getChatMemberCount", at)).result, 4);
  await call("restrictChatMember", { ...at, permissions: { can_send_messages: false } });
  assert.equal(await status(), "restricted");
  await call("restrictChatMember", { ...at, permissions: EVERYTHING });
  assert.equal(await status(), "member");
  await call("promoteChatMember", { ...at, can_pin_messages: true });
  assert.equal(await status(), "administrator");
  await call("setChatAdministratorCustomTitle", { ...at, custom_title: "Pinner" });
  assert.equal((await call("getChatMember", at)).result.custom_title, "Pinner");
  await call("banChatMember", at);
  assert.equal(await status(), "kicked");
  assert.equal((await call("getChatMemberCount", at)).result, 3);
  await assert.rejects(ann.join(group), /banned/);
  await call("unbanChatMember", at);
  assert.equal(await status(), "left");
  await ann.join(group);
});

// Bot API, restrictChatMember and banChatMember, until_date; tdlib, DialogParticipant.cpp, update_restrictions.
test("a restriction and a ban end at their date", async () => {
  const { simulator, call, ann, group, at, status } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  const inAnHour = async () => Math.floor((await simulator.advance(0)) / 1000) + 3600;
  const write = () => ann.sendText("hello", { chat: group });
  await call("restrictChatMember", { ...at, permissions: {}, until_date: await inAnHour() });
  await simulator.advance(3500);
  await assert.rejects(write(), /ann may not send text messages to Team/);
  await simulator.advance(101);
  await write();
  assert.equal(await status(), "member");
  await call("banChatMember", { ...at, until_date: await inAnHour() });
  await simulator.advance(3500);
  await assert.rejects(ann.join(group), /banned/);
  await simulator.advance(101);
  assert.equal(await status(), "left");
  assert.equal((await call("getChatMemberCount", at)).result, 3);
  await assert.rejects(write(), /ann is not in Team/);
  await call("restrictChatMember", { ...at, permissions: {}, until_date: await inAnHour() });
  await simulator.advance(3601);
  assert.equal(await status(), "left");
  await call("getUpdates", { offset: -1 });
  await ann.join(group);
  const [, change] = (await call("getUpdates")).result as Update[];
  assert.equal(change?.chat_member?.old_chat_member.status, "left");
});

// tdlib, DialogParticipant.cpp, set_is_member: a restricted user who leaves is restricted still.
test("a restriction stays when the user leaves and comes back, by a request as well", async () => {
  const { simulator, call, ann, group, at } = await withGroup({ bot: { ...RIGHTS, can_invite_users: true } });
  await using _ = simulator;
  await call("restrictChatMember", { ...at, permissions: {} });
  const update = (await call("getUpdates", { offset: -1 })).result[0].update_id;
  await ann.leave(group);
  const { result: away } = await call("getChatMember", at);
  assert.deepEqual([away.status, away.is_member, away.can_send_messages], ["restricted", false, false]);
  await assert.rejects(ann.sendText("hello", { chat: group }), /ann is not in Team/);
  await ann.join(group);
  await assert.rejects(ann.sendText("hello", { chat: group }), /ann may not send text messages to Team/);
  await ann.leave(group);
  await ann.askToJoin(group);
  await call("approveChatJoinRequest", at);
  const { result: back } = await call("getChatMember", at);
  assert.deepEqual([back.status, back.is_member, back.can_send_messages], ["restricted", true, false]);
  const changes = ((await call("getUpdates", { offset: update + 1 })).result as Update[]).flatMap(
    ({ chat_member }) => (chat_member?.new_chat_member as { is_member?: boolean } | undefined)?.is_member ?? [],
  );
  assert.deepEqual(changes, [false, true, false, true]);
});

// Bot API, restrictChatMember: "If user is restricted for more than 366 days or less than 30 seconds from the current time".
test("a restriction or ban of less than 30 s or more than 366 days lasts forever, and so do all bans of a basic group", async () => {
  const { simulator, call, at, status } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  const DAY = 86_400;
  const after = async (seconds: number) => Math.floor((await simulator.advance(0)) / 1000) + seconds;
  for (const seconds of [10, 366 * DAY + 60]) {
    await call("restrictChatMember", { ...at, permissions: {}, until_date: await after(seconds) });
    assert.equal((await call("getChatMember", at)).result.until_date, 0);
    await call("banChatMember", { ...at, until_date: await after(seconds) });
    await simulator.advance(seconds + 60);
    assert.equal(await status(), "kicked");
  }
  const small = await simulator.group("Small", { type: "group", bot: "administrator" });
  const there = { chat_id: small.id, user_id: at.user_id };
  await call("banChatMember", { ...there, until_date: await after(DAY) });
  assert.equal((await call("getChatMember", there)).result.until_date, 0);
});

const EVERYTHING = {
  can_send_other_messages: true,
  can_add_web_page_previews: true,
  can_send_polls: true,
  can_send_messages: true,
  can_change_info: true,
  can_invite_users: true,
  can_pin_messages: true,
};

test("a bot without rights may not ban, restrict, promote, pin, change or delete", async () => {
  const { simulator, ann, call, group, at } = await withGroup();
  await using _ = simulator;
  const { message_id } = await ann.sendText("spam", { chat: group });
  const cases: [string, object, string][] = [
    ["banChatMember", {}, "not enough rights to restrict/unrestrict chat member"],
    ["unbanChatMember", {}, "not enough rights to restrict/unrestrict chat member"],
    ["restrictChatMember", { permissions: {} }, "not enough rights to restrict/unrestrict chat member"],
    ["promoteChatMember", { can_pin_messages: true }, "not enough rights"],
    ["pinChatMessage", { message_id }, "not enough rights to manage pinned messages in the chat"],
    ["unpinAllChatMessages", {}, "not enough rights to manage pinned messages in the chat"],
    ["setChatTitle", { title: "Mine" }, "not enough rights to change chat title"],
    ["setChatDescription", { description: "x" }, "not enough rights to set chat description"],
    ["setChatPermissions", { permissions: {} }, "not enough rights to change chat permissions"],
    ["setChatStickerSet", { sticker_set_name: "x" }, "not enough rights to change supergroup sticker set"],
    ["deleteMessage", { message_id }, "message can't be deleted"],
    ["deleteMessages", { message_ids: [message_id] }, "message can't be deleted"],
  ];
  for (const [method, parameters, reason] of cases) {
    assert.equal(verdict(await call(method, { ...at, ...parameters })), `400 Bad Request: ${reason}`, method);
  }
});

test("nobody is above the owner, and administrators only under those who promoted them", async () => {
  const { simulator, ann, bob, call, group, at } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  const { result: administrators } = await call("getChatAdministrators", at);
  const owner = { ...at, user_id: administrators[0].user.id };
  assert.equal(verdict(await call("banChatMember", owner)), "400 Bad Request: can't remove chat owner");
  await group.setMember(bob, ann, { status: "administrator" });
  assert.equal(verdict(await call("banChatMember", at)), "400 Bad Request: user is an administrator of the chat");
  const self = { ...at, user_id: simulator.bot.id };
  assert.equal(verdict(await call("banChatMember", self)), "400 Bad Request: can't restrict self");
  assert.equal(
    verdict(await call("promoteChatMember", { ...self, can_pin_messages: true })),
    "400 Bad Request: can't promote self",
  );
  const beyond = await call("promoteChatMember", { ...at, user_id: bob.id, can_delete_messages: true });
  assert.equal(verdict(beyond), "400 Bad Request: RIGHT_FORBIDDEN");
});

test("basic groups have no restrictions and promotions", async () => {
  const { simulator, call, at } = await withGroup({ type: "group", bot: "administrator" });
  await using _ = simulator;
  const verdictOf = async (method: string, more: object = {}) => verdict(await call(method, { ...at, ...more }));
  const large = "400 Bad Request: method is available for supergroup and channel chats only";
  assert.equal(await verdictOf("promoteChatMember", { can_pin_messages: true }), large);
  assert.equal(await verdictOf("unbanChatMember"), large);
  const only = "400 Bad Request: method is available only for supergroups";
  assert.equal(await verdictOf("restrictChatMember", { permissions: {} }), only);
  assert.equal(await verdictOf("banChatMember"), "ok");
});

// Bot API, chat_member: "The bot must be an administrator in the chat". Client.cpp, add_update_chat_member.
test("the bot gets the changes that it makes itself", async () => {
  const { simulator, call, at } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  await call("getUpdates", { offset: -1 });
  await call("banChatMember", at);
  const updates: Update[] = (await call("getUpdates")).result.slice(1);
  const [change, left] = updates;
  assert.deepEqual(
    [
      change?.chat_member?.from.id,
      change?.chat_member?.old_chat_member.status,
      change?.chat_member?.new_chat_member.status,
    ],
    [simulator.bot.id, "member", "kicked"],
  );
  assert.equal(left?.message?.left_chat_member?.id, at.user_id);
});

// Client.cpp, get_chat_permissions; tdlib, MessageContent.cpp, can_send_message_content.
test("a restricted user, and a bot among members who may not write, send nothing", async () => {
  const { simulator, ann, call, group, at } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  await call("restrictChatMember", { ...at, permissions: { can_send_messages: true } });
  await ann.sendText("text is fine", { chat: group });
  await assert.rejects(ann.send({ dice: { emoji: "🎲", value: 1 } }, { chat: group }), /ann may not send dice to Team/);
  const quiet = await simulator.group("Quiet", { permissions: { can_send_messages: true } });
  const send = async (method: string, more: object) => verdict(await call(method, { chat_id: quiet.id, ...more }));
  assert.equal(await send("sendMessage", { text: "x" }), "ok");
  assert.equal(await send("sendDice", {}), "400 Bad Request: not enough rights to send dice to the chat");
  await quiet.restrictBot(ann);
  assert.equal(
    await send("sendMessage", { text: "x" }),
    "400 Bad Request: not enough rights to send text messages to the chat",
  );
  await quiet.promoteBot(ann, {});
  assert.equal(await send("sendMessage", { text: "x" }), "ok");
});

// tdlib, DialogManager.cpp, can_send_message_to_dialog; MessagesManager.cpp, can_edit_message.
test("a bot posts in a channel with the right to, and edits others' posts with that right", async () => {
  const { simulator, ann, call } = await withGroup();
  await using _ = simulator;
  const channel = await simulator.channel("News", { bot: { can_invite_users: true } });
  const chat_id = channel.id;
  const post = async () => verdict(await call("sendMessage", { chat_id, text: "x" }));
  assert.equal(await post(), "400 Bad Request: need administrator rights in the channel chat");
  const { message_id } = await ann.sendText("theirs", { chat: channel });
  const edit = async () => verdict(await call("editMessageText", { chat_id, message_id, text: "edited" }));
  await channel.promoteBot(ann, { can_post_messages: true });
  assert.equal(await post(), "ok");
  assert.equal(await edit(), "400 Bad Request: message can't be edited");
  await channel.promoteBot(ann, { can_edit_messages: true });
  assert.equal(await edit(), "ok");
});

// Bot API, deleteMessage: "A message can only be deleted if it was sent less than 48 hours ago."
test("messages can be deleted for 48 hours, a dice of a private chat after 24", async () => {
  let now = Date.UTC(2030, 0);
  await using simulator = await Simulator.start({ now: () => now });
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team", { bot: { can_delete_messages: true } });
  const HOUR = 3_600_000;
  const [young, old] = [await ann.sendText("a", { chat: group }), await ann.sendText("b", { chat: group })];
  const own = await ann.sendText("c");
  const { result: dice } = await call("sendDice", { chat_id: ann.id });
  const remove = async (message: { chat: { id: number }; message_id: number }) =>
    verdict(await call("deleteMessage", { chat_id: message.chat.id, message_id: message.message_id }));
  assert.equal(await remove(dice), "400 Bad Request: message can't be deleted for everyone");
  now += 47 * HOUR;
  assert.equal(await remove(young), "ok");
  assert.equal(await remove(dice), "ok");
  now += 2 * HOUR;
  assert.equal(await remove(old), "400 Bad Request: message can't be deleted");
  assert.equal(await remove(own), "400 Bad Request: message can't be deleted for everyone");
});

// Client.cpp, get_chat_permissions: can_send_media_messages of old bots stands for six permissions.
test("permissions that are left out follow others", async () => {
  const { simulator, call, at } = await withGroup({ bot: RIGHTS });
  await using _ = simulator;
  const permissions = async (given: object, more: object = {}) => {
    await call("setChatPermissions", { ...at, permissions: given, ...more });
    const { can_send_messages, can_send_photos, can_manage_topics } = (await call("getChat", at)).result.permissions;
    return [can_send_messages, can_send_photos, can_manage_topics];
  };
  assert.deepEqual(await permissions({ can_send_media_messages: true }), [true, true, false]);
  assert.deepEqual(await permissions({ can_send_polls: true, can_pin_messages: true }), [true, false, true]);
  assert.deepEqual(await permissions({ can_send_polls: true }, { use_independent_chat_permissions: true }), [
    false,
    false,
    false,
  ]);
  assert.deepEqual(await permissions({ can_send_other_messages: true }), [true, true, false]);
});

test("an owner who leaves is shown as left, and is the owner again after coming back (Client.cpp, JsonChatMember)", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team", { owner: ann });
  const status = async () => (await call("getChatMember", { chat_id: group.id, user_id: ann.id })).result.status;
  const seen = [await status()];
  await ann.leave(group);
  seen.push(await status());
  await ann.join(group);
  seen.push(await status());
  assert.deepEqual(seen, ["creator", "left", "creator"]);
});
