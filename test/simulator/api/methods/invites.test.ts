/** Links and join requests: Bot API, createChatInviteLink; tdlib, DialogInviteLinkManager.cpp and Client.cpp (JsonChatInviteLink). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { receiver } from "../../received.ts";

async function withGroup(bot: object = { can_invite_users: true }) {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  await call("getUpdates", { allowed_updates: ["chat_join_request", "chat_member", "message"] });
  const group = await simulator.group("Team", { bot });
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  return { simulator, call, group, ann, bob, received: receiver(call), chat_id: group.id };
}

test("links are distinct, and their creator is a plain user", async () => {
  const { simulator, call, chat_id } = await withGroup();
  await using _ = simulator;
  const [one, two] = [
    await call("createChatInviteLink", { chat_id, name: "A" }),
    await call("createChatInviteLink", { chat_id }),
  ];
  assert.notEqual(one.result.invite_link, two.result.invite_link);
  const { id, is_bot, first_name, username } = simulator.bot;
  assert.deepEqual(one.result, {
    invite_link: one.result.invite_link,
    creator: { id, is_bot, first_name, username },
    name: "A",
    creates_join_request: false,
    is_primary: false,
    is_revoked: false,
  });
  const primary = (await call("exportChatInviteLink", { chat_id })).result;
  assert.match(primary, /^https:\/\/t\.me\/\+/);
  assert.equal((await call("getChat", { chat_id })).result.invite_link, primary);
  assert.notEqual((await call("exportChatInviteLink", { chat_id })).result, primary);
});

test("a link lets users in until its limit, its end, or its revocation", async () => {
  const { simulator, call, group, ann, bob, received, chat_id } = await withGroup();
  await using _ = simulator;
  const { invite_link } = (await call("createChatInviteLink", { chat_id, member_limit: 1 })).result;
  await ann.join(group, invite_link);
  const [change] = await received();
  assert.equal(change?.chat_member?.invite_link?.invite_link, invite_link);
  await assert.rejects(bob.join(group, invite_link), /used up/);
  await call("editChatInviteLink", { chat_id, invite_link, expire_date: 1 });
  await assert.rejects(bob.join(group, invite_link), /expired/);
  assert.equal((await call("revokeChatInviteLink", { chat_id, invite_link })).result.is_revoked, true);
  await assert.rejects(bob.join(group, invite_link), /revoked/);
});

test("a user who asks to join is approved or declined, and can be written to meanwhile", async () => {
  const { simulator, call, group, ann, bob, received, chat_id } = await withGroup();
  await using _ = simulator;
  const { invite_link } = (await call("createChatInviteLink", { chat_id, creates_join_request: true })).result;
  await assert.rejects(ann.join(group, invite_link), /has to ask/);
  await ann.askToJoin(group, { invite_link, bio: "cats" });
  const [update] = await received();
  const request = update?.chat_join_request;
  assert.deepEqual([request?.from.id, request?.bio, request?.invite_link?.invite_link], [ann.id, "cats", invite_link]);
  assert.equal(verdict(await call("sendMessage", { chat_id: request?.user_chat_id, text: "Who are you?" })), "ok");
  assert.equal(verdict(await call("approveChatJoinRequest", { chat_id, user_id: ann.id })), "ok");
  const [change, joined] = await received();
  assert.deepEqual(
    [change?.chat_member?.via_join_request, change?.chat_member?.new_chat_member.status],
    [true, "member"],
  );
  assert.equal(joined?.message?.new_chat_members?.[0]?.id, ann.id);
  await bob.askToJoin(group);
  await call("declineChatJoinRequest", { chat_id, user_id: bob.id });
  assert.equal((await call("getChatMember", { chat_id, user_id: bob.id })).result.status, "left");
  const again = await call("approveChatJoinRequest", { chat_id, user_id: bob.id });
  assert.equal(verdict(again), "400 Bad Request: HIDE_REQUESTER_MISSING");
});

// Client.cpp, messageChatJoinByRequest: new_chat_members is the sender.
test("a user whose request is approved sends the message about it, so the bot's next message is the bot's own", async () => {
  const { simulator, call, group, bob, received, chat_id } = await withGroup();
  await using _ = simulator;
  await bob.askToJoin(group);
  await received();
  await call("approveChatJoinRequest", { chat_id, user_id: bob.id });
  const [change, joined] = await received();
  assert.equal(change?.chat_member?.from.id, simulator.bot.id);
  assert.equal(joined?.message?.from?.id, bob.id);
  await call("sendMessage", { chat_id, text: "Welcome, Bob!" });
  await group.receives("Welcome, Bob!");
});

test("a join request is answered as a query", async () => {
  const { simulator, call, group, ann, received, chat_id } = await withGroup();
  await using _ = simulator;
  await ann.askToJoin(group);
  const query = { chat_join_request_query_id: (await received())[0]?.chat_join_request?.query_id };
  const status = async () => (await call("getChatMember", { chat_id, user_id: ann.id })).result.status;
  await call("answerChatJoinRequestQuery", { ...query, result: "queue" });
  assert.equal(await status(), "left");
  await call("answerChatJoinRequestQuery", { ...query, result: "approve" });
  assert.equal(await status(), "member");
  const again = await call("answerChatJoinRequestQuery", { ...query, result: "approve" });
  assert.match(verdict(again), /query is too old/);
});

test("links and requests need the right to invite users", async () => {
  const { simulator, call, group, ann, chat_id } = await withGroup({ can_pin_messages: true });
  await using _ = simulator;
  const link = "400 Bad Request: not enough rights to manage chat invite link";
  assert.equal(verdict(await call("createChatInviteLink", { chat_id })), link);
  assert.equal(verdict(await call("exportChatInviteLink", { chat_id })), link);
  await ann.askToJoin(group);
  assert.equal(simulator.pending, 0);
  const approved = await call("approveChatJoinRequest", { chat_id, user_id: ann.id });
  assert.equal(verdict(approved), "400 Bad Request: not enough rights to manage chat join requests");
});
