import assert from "node:assert/strict";
import { test } from "node:test";
import { type GroupOptions, Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function withGroup(bot: GroupOptions["bot"] = "administrator") {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team", { bot });
  await ann.join(group);
  return { simulator, ann, group, call: callerOf(simulator), chat_id: group.id };
}

test("a group has one owner", async () => {
  const { simulator, ann, call, chat_id } = await withGroup("member");
  await using _ = simulator;
  const administrators = async (chat_id: number) => (await call("getChatAdministrators", { chat_id })).result;
  const [owner, ...others] = await administrators(chat_id);
  assert.deepEqual([owner.status, owner.is_anonymous, others], ["creator", false, []]);
  const anns = await simulator.group("Ann's", { owner: ann, bot: { can_pin_messages: true } });
  const [creator, bot] = await administrators(anns.id);
  assert.equal(creator.user.id, ann.id);
  assert.deepEqual([bot.can_pin_messages, bot.can_manage_chat, bot.can_restrict_members], [true, true, false]);
});

// Client.cpp: JsonChat has the permissions of a group, check_chat_access hides what a bot has left.
test("getChat has a group's permissions, and is refused after the bot has left", async () => {
  const { simulator, call, chat_id } = await withGroup("member");
  await using _ = simulator;
  assert.equal((await call("getChat", { chat_id })).result.permissions.can_send_polls, true);
  await call("leaveChat", { chat_id });
  const refused = "403 Forbidden: bot is not a member of the supergroup chat";
  for (const method of ["getChat", "getChatMemberCount", "getChatAdministrators"]) {
    assert.equal(verdict(await call(method, { chat_id })), refused);
  }
  const { id } = await simulator.group("Open", { username: "open_team", bot: "left" });
  assert.equal((await call("getChat", { chat_id: "@open_team" })).result.id, id);
});

// Client.cpp, need_skip_update_message: a bot's service messages come back to it.
test("title, description and pinned messages show in getChat", async () => {
  const { simulator, group, call, chat_id } = await withGroup();
  await using _ = simulator;
  const { message_id } = (await call("sendMessage", { chat_id, text: "important" })).result;
  await call("pinChatMessage", { chat_id, message_id });
  await call("setChatTitle", { chat_id, title: "Crew" });
  await call("setChatDescription", { chat_id, description: "us" });
  const { title, description, pinned_message, type } = (await call("getChat", { chat_id })).result;
  assert.deepEqual([title, description, pinned_message.text, type], ["Crew", "us", "important", "supergroup"]);
  assert.equal((await group.messages()).at(-1)?.new_chat_title, "Crew");
  const { result: updates } = await call("getUpdates", { offset: -2 });
  assert.equal(updates[0].message.pinned_message.text, "important");
  assert.equal(updates[1].message.new_chat_title, "Crew");
  await call("unpinChatMessage", { chat_id });
  assert.equal((await call("getChat", { chat_id })).result.pinned_message, undefined);
  const again = await call("unpinChatMessage", { chat_id });
  assert.equal(verdict(again), "400 Bad Request: message to unpin not found");
});

test("member methods are refused in private chats", async () => {
  const { simulator, ann, call } = await withGroup();
  await using _ = simulator;
  await ann.sendText("hi");
  const at = { chat_id: ann.id, user_id: ann.id };
  assert.equal(
    verdict(await call("getChatAdministrators", at)),
    "400 Bad Request: there are no administrators in the private chat",
  );
  assert.equal(verdict(await call("banChatMember", at)), "400 Bad Request: can't ban members in private chats");
});
