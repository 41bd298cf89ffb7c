import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function withGroup() {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team");
  await ann.join(group);
  return { simulator, ann, group, call: callerOf(simulator), chat_id: group.id };
}

test("a member can be banned, unbanned, restricted and promoted", async () => {
  const { simulator, ann, group, call, chat_id } = await withGroup();
  await using _ = simulator;
  const at = { chat_id, user_id: ann.id };
  const status = async () => (await call("getChatMember", at)).result.status;
  assert.equal(await status(), "member");
  assert.equal((await call("getChatMemberCount", at)).result, 2);
  await call("restrictChatMember", { ...at, permissions: { can_send_messages: false } });
  assert.equal(await status(), "restricted");
  await call("promoteChatMember", { ...at, can_pin_messages: true });
  assert.equal(await status(), "administrator");
  await call("banChatMember", at);
  assert.equal(await status(), "kicked");
  assert.equal((await call("getChatMemberCount", at)).result, 1);
  await assert.rejects(ann.join(group), /banned/);
  await call("unbanChatMember", at);
  assert.equal(await status(), "left");
  await ann.join(group);
});

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
  assert.equal(
    verdict(await call("banChatMember", at)),
    "400 Bad Request: chat member status can't be changed in private chats",
  );
});

test("a reaction appears in the chat", async () => {
  const { simulator, ann, group, call, chat_id } = await withGroup();
  await using _ = simulator;
  const { message_id } = await ann.sendText("well?", { chat: group });
  await call("setMessageReaction", { chat_id, message_id, reaction: [{ type: "emoji", emoji: "👍" }] });
  assert.deepEqual((await group.next("reaction")).reaction, [{ type: "emoji", emoji: "👍" }]);
});
