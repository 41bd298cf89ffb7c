import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@grammyjs/types";
import type { Snapshot } from "../../../simulator/inspector/snapshot.ts";
import { after, type WorldState, worldOf } from "../../../simulator/page/world.ts";
import { Simulator } from "../../../simulator/simulator.ts";
import type { ChatEvent } from "../../../simulator/state/journal.ts";
import { callerOf } from "../caller.ts";

const CHAT = { id: 7, type: "private", first_name: "ann" } as const;
const message = (message_id: number, text: string, more: object = {}) =>
  ({ message_id, date: 1, chat: CHAT, from: { id: 7, is_bot: false, first_name: "ann" }, text, ...more }) as Message;
const EMPTY = { members: [], topics: [], pinned: [], keyboard: null };
const SNAPSHOT = {
  ...{ seq: 5, bot: {}, commands: [], people: [], calls: [], updates: [], faults: [] },
  chats: [{ chat: CHAT, ...EMPTY, messages: [message(1, "one")] }],
} as unknown as Snapshot;

/** The world after these events of the chat, which come after the snapshot. */
function worldWith(...events: object[]): WorldState {
  const happenings = events.map((event, i) => ({
    type: "chat" as const,
    data: { chat_id: 7, by: "bot", seq: 6 + i, ...event } as ChatEvent,
  }));
  return after(worldOf(SNAPSHOT), happenings, 1000)!;
}

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
    keyboards.push(after(before, happenings, 0)!.chats.get(chat_id)!.keyboard);
  }
  assert.deepEqual(keyboards, [keyboard, keyboard, null, null]);
});

test("an action is over with the bot's message; reactions and answers are shown", () => {
  const action = { type: "action", action: "typing" };
  assert.deepEqual(worldWith(action).chats.get(7)!.action, { name: "typing", at: 1000 });
  assert.equal(worldWith(action, { type: "message", message: message(2, "two") }).chats.get(7)!.action, undefined);
  const world = worldWith(
    { type: "reaction", message_id: 1, reaction: [{ type: "emoji", emoji: "👍" }] },
    { type: "callback-answer", callback_query_id: "1", text: "done" },
  );
  assert.deepEqual((world.chats.get(7)!.messages.get(1) as { reactions?: object }).reactions, {
    bot: [{ type: "emoji", emoji: "👍" }],
  });
  assert.equal(world.answer?.type, "callback-answer");
});

test("calls, updates and seconds of a flood are kept by their numbers; a new flood begins anew", () => {
  const call = (number: number, status?: number) =>
    ({ type: "call", data: { number, method: "getMe", status } }) as const;
  const second = (number: number) => ({ type: "flood", data: { second: number } }) as const;
  const trace = { type: "update", data: { update_id: 3, steps: [] } } as const;
  const happenings = [call(1), call(1, 200), trace, second(1), second(2), second(1)];
  const world = after(worldOf(SNAPSHOT), happenings as never, 0)!;
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
  const unknown = { type: "chat", data: { seq: 6, chat_id: 8, by: "bot", type: "action", action: "typing" } } as const;
  assert.equal(after(worldOf(SNAPSHOT), [unknown], 0), undefined);
  const joined = { seq: 6, chat_id: 7, by: "user", type: "message", message: message(2, "", { new_chat_members: [] }) };
  assert.equal(after(worldOf(SNAPSHOT), [{ type: "chat", data: joined as unknown as ChatEvent }], 0), undefined);
});
