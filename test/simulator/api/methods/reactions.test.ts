/** Reactions: https://core.telegram.org/bots/api#messagereactionupdated, #messagereactioncountupdated. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

async function watching() {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  await call("getUpdates", { allowed_updates: ["message_reaction", "message_reaction_count"] });
  const received = async () => (await call("getUpdates")).result;
  return { simulator, call, received, ann: await simulator.user("ann"), bob: await simulator.user("bob") };
}

const like = [{ type: "emoji", emoji: "👍" }];

test("the bot's reaction appears in the chat, and comes not back as an update", async () => {
  const { simulator, call, ann, received } = await watching();
  await using _ = simulator;
  const group = await simulator.group("Team", { bot: "administrator" });
  const { message_id } = await ann.sendText("well?", { chat: group });
  await call("setMessageReaction", { chat_id: group.id, message_id, reaction: like });
  assert.deepEqual((await group.next("reaction")).reaction, like);
  assert.deepEqual(await received(), []);
});

test("reactions in a channel are anonymous: the bot gets their number", async () => {
  const { simulator, ann, bob, received } = await watching();
  await using _ = simulator;
  const channel = await simulator.channel("News");
  const post = await ann.sendText("news", { chat: channel });
  await ann.react(post, ["👍", "🔥"]);
  await bob.react(post, "👍");
  const counts = (await received()).at(-1).message_reaction_count.reactions;
  assert.deepEqual(
    counts.map(({ type, total_count }: { type: { emoji: string }; total_count: number }) => [type.emoji, total_count]),
    [
      ["👍", 2],
      ["🔥", 1],
    ],
  );
});

test("an administrator who reacts in the group's name is its actor_chat", async () => {
  const { simulator, ann, received } = await watching();
  await using _ = simulator;
  const group = await simulator.group("Team", { bot: "administrator" });
  await ann.react(await ann.sendText("hm", { chat: group }), "👍", { anonymous: true });
  const [{ message_reaction }] = await received();
  assert.deepEqual([message_reaction.actor_chat.id, message_reaction.user], [group.id, undefined]);
});

test("a bot that may delete messages takes users' reactions away", async () => {
  const { simulator, call, ann } = await watching();
  await using _ = simulator;
  const group = await simulator.group("Team", { bot: "administrator" });
  const [one, two] = [await ann.sendText("1", { chat: group }), await ann.sendText("2", { chat: group })];
  await ann.react(one, "👍");
  await ann.react(two, "👍");
  const at = { chat_id: group.id, user_id: ann.id };
  assert.equal((await call("deleteMessageReaction", { ...at, message_id: one.message_id })).result, true);
  assert.equal((await group.next("reaction")).message_id, one.message_id);
  await call("deleteAllMessageReactions", at);
  assert.deepEqual([(await group.next("reaction")).message_id], [two.message_id]);
  await group.promoteBot(ann, {});
  assert.equal(verdict(await call("deleteAllMessageReactions", at)), "400 Bad Request: CHAT_ADMIN_REQUIRED");
});
