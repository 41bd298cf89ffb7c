import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message, User } from "@grammyjs/types";
import type { Snapshot } from "../../../simulator/inspector/snapshot.ts";
import {
  after,
  chatsWithNewKeyboard,
  repliesAsked,
  unreadIn,
  type WorldState,
  worldOf,
} from "../../../simulator/page/world.ts";
import { Simulator } from "../../../simulator/simulator.ts";
import type { ChatEvent } from "../../../simulator/state/journal.ts";
import { callerOf } from "../caller.ts";

const CHAT = { id: 7, type: "private", first_name: "ann" } as const;
const message = (message_id: number, text: string, more: object = {}) =>
  ({ message_id, date: 1, chat: CHAT, from: { id: 7, is_bot: false, first_name: "ann" }, text, ...more }) as Message;
const EMPTY = { members: [], topics: [], pinned: [], keyboard: null, commands: [], reactions: [], votes: [] };
const SNAPSHOT = {
  ...{ seq: 5, bot: {}, commands: [], people: [], calls: [], updates: [], faults: [] },
  chats: [{ chat: CHAT, ...EMPTY, messages: [message(1, "one")] }],
} as unknown as Snapshot;

/** Events of the chat, which come after the snapshot. */
const inChat = (...events: object[]) =>
  events.map((event, i) => ({
    type: "chat" as const,
    data: { chat_id: 7, by: "bot", seq: 6 + i, ...event } as ChatEvent,
  }));

/** The world after these events of the chat. */
const worldWith = (...events: object[]): WorldState => after(worldOf(SNAPSHOT), inChat(...events), 1000).world;

async function snapshotFor({ url }: Simulator, person: number): Promise<Snapshot> {
  const response = await fetch(`${url}/simulator/snapshot?person=${person}`);
  return ((await response.json()) as { result: Snapshot }).result;
}

const textsOf = ({ chats }: WorldState) => [...chats.get(7)!.messages.values()].map(({ text }) => text);

test("messages come, change and go, each in its place", () => {
  const world = worldWith(
    { type: "message", message: message(2, "two") },
    { type: "edited", message: message(1, "uno") },
    { type: "deleted", message_ids: [2] },
  );
  assert.deepEqual(textsOf(world), ["uno", "two"]);
  assert.deepEqual([...world.chats.get(7)!.deleted], [2]);
});

test("what the snapshot has does not happen again", () => {
  assert.deepEqual(textsOf(worldWith({ seq: 5, type: "message", message: message(2, "two") })), ["one"]);
});

test("a keyboard stays until another one, or its removal", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const { id: chat_id } = await simulator.user("ann");
  await simulator.perform("send", { user_id: chat_id, content: { text: "hi" } });
  const before = worldOf(await snapshotFor(simulator, chat_id));
  const keyboard = { keyboard: [["yes"]] };
  const keyboards: unknown[] = [];
  for (const reply_markup of [keyboard, undefined, { remove_keyboard: true }, { force_reply: true }]) {
    await call("sendMessage", { chat_id, text: "?", reply_markup });
    const events = await simulator.perform("events", { chat_id });
    const happenings = events.map((data) => ({ type: "chat", data }) as const);
    keyboards.push(after(before, happenings, 0).world.chats.get(chat_id)!.keyboard);
  }
  assert.deepEqual(keyboards, [keyboard, keyboard, null, null]);
});

test("an action is over with the bot's message", () => {
  const action = { type: "action", action: "typing" };
  assert.deepEqual(worldWith(action).chats.get(7)!.action, { name: "typing", at: 1000 });
  assert.equal(worldWith(action, { type: "message", message: message(2, "two") }).chats.get(7)!.action, undefined);
});

test("deleted messages and an action stay when the world is read again", () => {
  const world = worldWith(
    { type: "message", message: message(2, "two") },
    { type: "deleted", message_ids: [1] },
    { type: "action", action: "typing" },
  );
  const read = { ...SNAPSHOT, seq: 20, chats: [{ chat: CHAT, ...EMPTY, messages: [message(2, "two")] }] };
  const next = worldOf(read as unknown as Snapshot, world);
  assert.deepEqual(textsOf(next), ["one", "two"]);
  assert.deepEqual([...next.chats.get(7)!.deleted], [1]);
  assert.deepEqual(next.chats.get(7)!.action, { name: "typing", at: 1000 });
});

test("a forced reply is asked of each, or of those whom the message names or answers", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const [ann, robert] = [await simulator.user("ann"), await simulator.user("robert")];
  const team = await simulator.group("Team");
  const { message_id } = await ann.sendText("hi", { chat: team });
  const ask = (text: string, more: object = {}) =>
    call("sendMessage", { chat_id: team.id, text, reply_markup: { force_reply: true, selective: true }, ...more });
  await ask("nobody");
  await ask("@Robert?");
  await ask("whom I answer", { reply_parameters: { message_id } });
  await ask("all", { reply_markup: { force_reply: true } });
  const events = await simulator.perform("events", { chat_id: team.id });
  const happenings = events.map((data) => ({ type: "chat", data }) as const);
  const askedOf = (person: User) => repliesAsked(happenings, person).map(({ text }) => text);
  assert.deepEqual(askedOf(ann.user), ["whom I answer", "all"]);
  assert.deepEqual(askedOf(robert.user), ["@Robert?", "all"]);
});

test("a snapshot has the person's own votes", async () => {
  await using simulator = await Simulator.start();
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  const team = await simulator.group("Team");
  await ann.join(team);
  await bob.join(team);
  const { result } = await callerOf(simulator)("sendPoll", { chat_id: team.id, question: "?", options: ["a", "b"] });
  await ann.vote(result, [1]);
  const votesFor = async (person: number) => worldOf(await snapshotFor(simulator, person)).chats.get(team.id)!.votes;
  assert.deepEqual([...(await votesFor(ann.id))], [[result.message_id, [1]]]);
  assert.deepEqual([...(await votesFor(bob.id))], []);
});

test("reactions of users and the bot stand side by side, through edits and new snapshots", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  const group = await simulator.group("Tea", { bot: "administrator" });
  const sent = await ann.sendText("one", { chat: group });
  const { message_id } = sent;
  const first = worldOf(await snapshotFor(simulator, ann.id));
  await ann.react(sent, "👍");
  await bob.react(sent, "🔥");
  await bob.react(sent, "😁");
  const emoji = (one: string) => [{ type: "emoji", emoji: one }];
  await call("setMessageReaction", { chat_id: group.id, message_id, reaction: emoji("❤") });
  await ann.edit(sent, "uno");
  const happenings = (await simulator.perform("events", { chat_id: group.id })).map(
    (data) => ({ type: "chat", data }) as const,
  );
  for (const { chats } of [after(first, happenings, 0).world, worldOf(await snapshotFor(simulator, ann.id))]) {
    const { messages, reactions } = chats.get(group.id)!;
    assert.equal(messages.get(message_id)?.text, "uno");
    const shown = reactions.get(message_id)!.map(({ actor_id, reaction }) => [actor_id, reaction]);
    assert.deepEqual(Object.fromEntries(shown), {
      [ann.id]: emoji("👍"),
      [bob.id]: emoji("😁"),
      [simulator.bot.id]: emoji("❤"),
    });
  }
});

describe("answers", () => {
  const alert = { type: "callback-answer", callback_query_id: "1", text: "done", show_alert: true };
  const offers = { type: "inline-answer", inline_query_id: "2", results: [] };

  test("they outlive a new snapshot, be they older or newer", () => {
    const pin = { type: "message", message: message(2, "", { pinned_message: message(1, "one") }) };
    const { world, isStale } = after(worldOf(SNAPSHOT), inChat(alert, pin, offers), 0);
    assert.ok(isStale);
    const read = worldOf({ ...SNAPSHOT, seq: 20 }, world);
    assert.equal(read.answers.get(7)?.type, "callback-answer");
    assert.equal(read.offers.get(7)?.inline_query_id, "2");
    // They came while the snapshot was on its way.
    const { world: late } = after(worldOf({ ...SNAPSHOT, seq: 20 }), inChat(alert, offers), 0);
    assert.equal(late.answers.get(7)?.type, "callback-answer");
    assert.equal(late.offers.get(7)?.inline_query_id, "2");
  });

  test("offers come to a person who has no chat yet", () => {
    const { world, isStale } = after(worldOf(SNAPSHOT), inChat({ ...offers, chat_id: 8 }), 0);
    assert.equal(world.offers.get(8)?.inline_query_id, "2");
    assert.ok(!isStale);
  });

  test("in a group they are for the person who pressed the button or pays", () => {
    const update = { update_id: 3, update: { callback_query: { id: "1", from: { id: 8 } } }, steps: [] };
    const refused = { type: "payment", payment_id: "1", user_id: 9, ok: false, error_message: "sold out" };
    const events = inChat({ ...alert, chat_id: -1 }, { ...refused, chat_id: -1 });
    const { world } = after(worldOf(SNAPSHOT), [{ type: "update", data: update as never }, ...events], 0);
    const types = [...world.answers].map(([person, { type }]) => [person, type]);
    assert.deepEqual(types, [
      [8, "callback-answer"],
      [9, "payment"],
    ]);
  });
});

test("calls, updates and seconds of a flood are kept by their numbers; a new flood begins anew", () => {
  const call = (number: number, status?: number) =>
    ({ type: "call", data: { number, method: "getMe", status } }) as const;
  const second = (number: number) => ({ type: "flood", data: { second: number } }) as const;
  const trace = { type: "update", data: { update_id: 3, steps: [] } } as const;
  const happenings = [call(1), call(1, 200), trace, second(1), second(2), second(1)];
  const { world } = after(worldOf(SNAPSHOT), happenings as never, 0);
  assert.deepEqual(
    [...world.calls.values()].map(({ status }) => status),
    [200],
  );
  assert.deepEqual([...world.updates.keys()], [3]);
  assert.deepEqual(
    world.flood.map(({ second }) => second),
    [1],
  );
  assert.deepEqual(worldOf(SNAPSHOT, world).flood, world.flood, "a new snapshot does not end it");
});

test("a chat that the snapshot does not have, and changes of members, ask for a new one", () => {
  const isStale = (event: object) => after(worldOf(SNAPSHOT), inChat(event), 0).isStale;
  assert.ok(isStale({ chat_id: 8, type: "action", action: "typing" }));
  assert.ok(isStale({ type: "message", message: message(2, "", { new_chat_members: [] }) }));
  assert.ok(!isStale({ type: "message", message: message(2, "two") }));
});

test("who blocks the bot is asked for once, when the bot is told", () => {
  const told = { type: "update", data: { update_id: 3, kind: "my_chat_member", update: {}, steps: [] } } as never;
  const { world, isStale } = after(worldOf(SNAPSHOT), [told], 0);
  assert.ok(isStale);
  assert.ok(!after(world, [told], 0).isStale);
});

test("a call that changes what no event tells asks for a new snapshot, once", () => {
  const before = worldOf(SNAPSHOT);
  const told = (method: string, ...more: object[]) =>
    [{}, ...more].map((one) => ({ type: "call", data: { number: 1, method, ...one } }) as never);
  assert.ok(!after(before, told("setMyCommands"), 0).isStale, "it is not over yet");
  assert.ok(!after(before, told("setMyCommands", { status: 400 }), 0).isStale);
  for (const method of ["setMyCommands", "deletemycommands", "setMyName", "deleteForumTopic", "banChatMember"]) {
    const { world, isStale } = after(before, told(method, { status: 200 }), 0);
    assert.ok(isStale, method);
    const origin = told(method, { status: 200, origin: {} }).slice(1);
    assert.ok(!after(world, origin, 0).isStale, "its origin changes nothing");
  }
  assert.ok(!after(before, told("sendMessage", { status: 200 }), 0).isStale);
});

test("a person is offered the commands of the chat: of its scope, for administrators, in the person's language", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob", { language_code: "de" })];
  const team = await simulator.group("Team", { owner: ann });
  await ann.sendText("hi");
  await bob.join(team);
  const offered = async (person: number) => {
    const { commands, chats } = await snapshotFor(simulator, person);
    const lists = [commands, ...chats.map((one) => one.commands)];
    return lists.map((list) => list.map(({ command }) => command).join());
  };
  const set = (name: string, more: object = {}) =>
    call("setMyCommands", { commands: [{ command: name, description: "?" }], ...more });
  await set("default");
  assert.deepEqual(await offered(ann.id), ["default", "default", "default"]);
  await set("private", { scope: { type: "all_private_chats" } });
  await set("german", { scope: { type: "all_private_chats" }, language_code: "de" });
  await set("group", { scope: { type: "all_group_chats" } });
  await set("boss", { scope: { type: "all_chat_administrators" } });
  assert.deepEqual(await offered(ann.id), ["private", "boss", "private"]);
  assert.deepEqual(await offered(bob.id), ["german", "group"], "bob has not written in a private chat");
  await set("here", { scope: { type: "chat", chat_id: team.id } });
  await set("bobs", { scope: { type: "chat_member", chat_id: team.id, user_id: bob.id } });
  assert.deepEqual(await offered(ann.id), ["private", "here", "private"]);
  assert.deepEqual(await offered(bob.id), ["german", "bobs"]);
  await call("deleteMyCommands", { scope: { type: "chat", chat_id: team.id } });
  assert.deepEqual(await offered(ann.id), ["private", "boss", "private"]);
});

test("a snapshot has the private chat of the person who looks, and nobody of a flood", async () => {
  await using simulator = await Simulator.start();
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  const group = await simulator.group("Tea");
  for (const user of [ann, bob, await simulator.user("Flood 1")]) await user.sendText("hi");
  const { chats, people } = await snapshotFor(simulator, ann.id);
  assert.deepEqual(
    chats.map(({ chat }) => chat.id),
    [group.id, ann.id],
  );
  assert.deepEqual(
    people.map(({ user }) => user.first_name),
    ["ann", "bob", "Owner"],
  );
});

test("ephemeral messages stand beside one another until they are deleted, and a snapshot has those of the person", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  const { id: chat_id } = await simulator.group("Team");
  const whisper = async (receiver_user_id: number, text: string) => {
    const more = { ephemeral_message_parameters: { receiver_user_id } };
    return (await call("sendMessage", { chat_id, text, ...more })).result.ephemeral_message_id as number;
  };
  const shownIn = ({ chats }: WorldState) => [...chats.get(chat_id)!.messages].map(([key, { text }]) => [key, text]);
  const before = worldOf(await snapshotFor(simulator, ann.id));
  const [one, two, three] = [
    await whisper(ann.id, "one"),
    await whisper(ann.id, "two"),
    await whisper(bob.id, "three"),
  ];
  const at = { chat_id, receiver_user_id: ann.id };
  await call("editEphemeralMessageText", { ...at, ephemeral_message_id: one, text: "uno" });
  await call("deleteEphemeralMessage", { ...at, ephemeral_message_id: two });
  const events = await simulator.perform("events", { chat_id });
  const forAnn = events.filter((event) => "receiver_user_id" in event && event.receiver_user_id === ann.id);
  const happenings = forAnn.map((data) => ({ type: "chat", data }) as const);
  assert.deepEqual(shownIn(after(before, happenings.slice(0, 2), 0).world), [
    [-one, "one"],
    [-two, "two"],
  ]);
  assert.deepEqual(shownIn(after(before, happenings, 0).world), [[-one, "uno"]]);
  assert.deepEqual(shownIn(worldOf(await snapshotFor(simulator, ann.id))), [[-one, "uno"]]);
  assert.deepEqual(shownIn(worldOf(await snapshotFor(simulator, bob.id))), [[-three, "three"]]);
});

test("in a snapshot an ephemeral message stands at its time, and a deleted one of the chat where it was", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const { id } = await simulator.user("ann");
  const { id: chat_id } = await simulator.group("Team");
  const say = async (text: string, more: object = {}) => {
    await call("sendMessage", { chat_id, text, ...more });
    await simulator.advance(1);
  };
  for (const text of ["one", "two"]) await say(text);
  const before = worldOf(await snapshotFor(simulator, id));
  await say("psst", { ephemeral_message_parameters: { receiver_user_id: id } });
  await say("three");
  const { messages } = before.chats.get(chat_id)!;
  const [first] = messages.keys();
  await call("deleteMessage", { chat_id, message_id: first });
  const deleted = (await simulator.perform("events", { chat_id })).filter(({ type }) => type === "deleted");
  const happenings = deleted.map((data) => ({ type: "chat", data }) as const);
  const world = worldOf(await snapshotFor(simulator, id), after(before, happenings, 0).world);
  const shown = [...world.chats.get(chat_id)!.messages.values()].map(({ text }) => text);
  assert.deepEqual(shown, ["one", "two", "psst", "three"]);
});

test("unread are messages of others, after the last one that was seen and after the page's begin", () => {
  const from = { id: 1, is_bot: true, first_name: "bot" };
  const state = worldWith(
    { type: "message", message: message(2, "mine", { date: 5 }) },
    {
      type: "message",
      message: message(3, "of the bot", { date: 5, from }),
    },
    { type: "message", message: message(4, "gone", { date: 5, from }) },
    { type: "message", message: message(5, "later", { date: 6, from }) },
    { type: "deleted", message_ids: [4] },
  ).chats.get(7)!;
  const person = { id: 7, is_bot: false, first_name: "ann" };
  const counts = [unreadIn(state, person, undefined, 0), unreadIn(state, person, undefined, 5)];
  assert.deepEqual(counts, [2, 1]);
  assert.deepEqual(
    [3, 5].map((seen) => unreadIn(state, person, seen, 0)),
    [1, 0],
  );
});

test("a chat gets a new keyboard with a message that has one or removes it", () => {
  const ofMessage = (more: object) =>
    chatsWithNewKeyboard(inChat({ type: "message", message: message(2, "?"), ...more }));
  assert.deepEqual(ofMessage({ keyboard: { keyboard: [["yes"]] } }), [7]);
  assert.deepEqual(ofMessage({ keyboard: null }), [7]);
  assert.deepEqual(ofMessage({}), []);
});
