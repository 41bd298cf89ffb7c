/** What people do, and what the bot is told of it: in-process and over HTTP alike. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Update } from "@grammyjs/types";
import { type ClientSide, Simulator, SimulatorClient } from "../../../simulator/index.ts";
import { UPDATE_KINDS } from "../../../src/protocol/route.ts";
import { type Caller, callerOf } from "../caller.ts";

interface Setting {
  /** The clients' side. */
  side: ClientSide;
  call: Caller;
  /** What the bot has been told since it last asked. */
  told(): Promise<Update[]>;
}

/** Runs a test twice: with the classes in-process, and with the same classes at the other end of HTTP. */
function testBoth(name: string, run: (setting: Setting) => Promise<void>): void {
  for (const where of ["in-process", "over HTTP"]) {
    test(`${name} (${where})`, async () => {
      await using simulator = await Simulator.start();
      const call = callerOf(simulator);
      const side = where === "in-process" ? simulator : new SimulatorClient(simulator.url);
      await call("getUpdates", { allowed_updates: UPDATE_KINDS });
      let offset = 0;
      const told = async () => {
        const { result } = await call("getUpdates", { offset });
        offset = (result.at(-1)?.update_id ?? offset - 1) + 1;
        return result as Update[];
      };
      await run({ side, call, told });
    });
  }
}

testBoth("a message arrives with its entities and what it replies to", async ({ side, call, told }) => {
  const ann = await side.user("ann", { last_name: "Lee" });
  const first = await ann.sendText("/start@simulated_bot now");
  await ann.sendText("again", { reply_to: first });
  const [one, two] = await told();
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

testBoth("an edit arrives as such", async ({ side, told }) => {
  const ann = await side.user("ann");
  const message = await ann.sendText("helo");
  await ann.edit(message, "hello");
  const [, edit] = await told();
  assert.equal(edit?.edited_message?.text, "hello");
  assert.ok(edit?.edited_message?.edit_date);
});

testBoth("the same name is the same person, and the same title the same chat", async ({ side }) => {
  assert.equal(await side.user("ann"), await side.user("Ann"));
  assert.notEqual((await side.user("ann")).id, (await side.user("bob")).id);
  assert.equal(await side.group("Team"), await side.group("Team"));
});

testBoth("pressing a button asks the bot, and waits for its answer", async ({ side, call, told }) => {
  const ann = await side.user("ann");
  await ann.sendText("/start");
  const inline_keyboard = [
    [
      { text: "Yes", callback_data: "y" },
      { text: "No", callback_data: "n" },
    ],
    [{ text: "Read", url: "https://example.org" }],
  ];
  await call("sendMessage", { chat_id: ann.id, text: "Well?", reply_markup: { inline_keyboard } });
  const message = await ann.nextMessage();
  await told();
  for (const button of ["No", 2, { row: 0, column: 1 }]) {
    const press = await ann.press(button);
    const [update] = await told();
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
  assert.deepEqual(await told(), []);
  await assert.rejects(ann.press("Maybe"), /no button "Maybe"/);
});

testBoth("an inline query is answered with results", async ({ side, call, told }) => {
  const ann = await side.user("ann");
  const asked = await ann.inlineQuery("cats");
  const [update] = await told();
  assert.equal(update?.inline_query?.query, "cats");
  const results = [{ type: "article", id: "1", title: "Cat", input_message_content: { message_text: "meow" } }];
  await call("answerInlineQuery", { inline_query_id: asked.inline_query_id, results });
  assert.deepEqual((await asked.answered()).results, results);
});

testBoth(
  "joining and leaving a group are told by a service message, to an administrator also as chat_member",
  async ({ side, told }) => {
    const ann = await side.user("ann");
    const bob = await side.user("bob");
    const group = await side.group("Team");
    await ann.join(group);
    const [join] = await told();
    assert.equal(join?.message?.new_chat_members?.[0]?.id, ann.id);
    await group.promoteBot(ann);
    await bob.join(group);
    await bob.leave(group);
    const [promoted, joined, joinMessage, left, leaveMessage] = await told();
    assert.equal(promoted?.my_chat_member?.new_chat_member.status, "administrator");
    assert.deepEqual(
      [joined, left].map((update) => update?.chat_member?.new_chat_member.status),
      ["member", "left"],
    );
    assert.ok(joinMessage?.message?.new_chat_members);
    assert.equal(leaveMessage?.message?.left_chat_member?.id, bob.id);
  },
);

testBoth("the bot is told of its own coming and going, and of being blocked", async ({ side, told }) => {
  const ann = await side.user("ann");
  const group = await side.group("Team");
  await group.removeBot(ann);
  await ann.sendText("nobody hears", { chat: group });
  await group.addBot(ann);
  await ann.block();
  await ann.unblock();
  const updates = await told();
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

testBoth("a reaction and a vote arrive", async ({ side, call, told }) => {
  const ann = await side.user("ann");
  const message = await ann.sendText("hi");
  await ann.react(message, "🔥");
  await ann.react(message);
  const [, given, taken] = await told();
  assert.deepEqual(given?.message_reaction?.new_reaction, [{ type: "emoji", emoji: "🔥" }]);
  assert.deepEqual([taken?.message_reaction?.old_reaction.length, taken?.message_reaction?.new_reaction], [1, []]);

  const options = [{ text: "a" }, { text: "b" }];
  await call("sendPoll", { chat_id: ann.id, question: "Q?", options, is_anonymous: false });
  const poll = await ann.nextMessage();
  await ann.vote(poll, [1]);
  const [counted, answer] = await told();
  assert.deepEqual(
    counted?.poll?.options.map(({ voter_count }) => voter_count),
    [0, 1],
  );
  assert.deepEqual(answer?.poll_answer?.option_ids, [1]);
  await ann.vote(poll, []);
  assert.equal((await told())[0]?.poll?.total_voter_count, 0);
});

testBoth("a channel post arrives as one", async ({ side, told }) => {
  const ann = await side.user("ann");
  const channel = await side.channel("News");
  const post = await ann.sendText("extra", { chat: channel });
  await ann.edit(post, "extra!");
  const [sent, edited] = await told();
  assert.deepEqual([sent?.channel_post?.text, sent?.channel_post?.sender_chat?.id], ["extra", channel.id]);
  assert.equal(edited?.edited_channel_post?.text, "extra!");
});

testBoth("confirmed() waits for the offset, and gives up in time", async ({ side, told }) => {
  const ann = await side.user("ann");
  await ann.sendText("hi");
  await assert.rejects(side.confirmed({ timeout: 20 }), /no offset has confirmed/);
  const confirmed = side.confirmed();
  await told();
  await told();
  await confirmed;
});

testBoth("waiting for a message that does not come fails in time", async ({ side }) => {
  const ann = await side.user("ann");
  await assert.rejects(ann.nextMessage({ timeout: 20 }), /no message from the bot in chat \d+ within 20 ms/);
});

testBoth(
  "raw updates of every kind and of none go through, and their chats exist from then on",
  async ({ side, call, told }) => {
    const from = { id: 55, is_bot: false, first_name: "Eve" };
    const chat = { id: 55, type: "private", first_name: "Eve" };
    const kinds = [...UPDATE_KINDS, "telepathy"];
    const ids = await side.pushMany(kinds.map((kind) => ({ [kind]: { from, chat } })));
    assert.ok(ids.every((id) => id !== null));
    assert.deepEqual(
      (await told()).map((update) => Object.keys(update)[1]),
      kinds,
    );
    await side.push({ message: { message_id: 7, date: 1, from, chat, text: "hi" } });
    const reply_parameters = { message_id: 7 };
    const { result } = await call("sendMessage", { chat_id: 55, text: "hello", reply_parameters });
    assert.deepEqual([result.message_id, result.reply_to_message.text], [8, "hi"]);
  },
);

testBoth("a pushed query can be answered, and a pushed button's message edited", async ({ side, call }) => {
  const from = { id: 55, is_bot: false, first_name: "Eve" };
  const chat = { id: 55, type: "private", first_name: "Eve" };
  const bot = (await call("getMe")).result;
  const message = { message_id: 7, date: 1, from: bot, chat, text: "Well?" };
  await side.push({ callback_query: { id: "q1", from, message, chat_instance: "1", data: "y" } });
  assert.equal((await call("answerCallbackQuery", { callback_query_id: "q1" })).result, true);
  assert.equal((await call("editMessageText", { chat_id: 55, message_id: 7, text: "So." })).result.text, "So.");
});

testBoth("business messages are kept apart from the bot's own chat with the same id", async ({ side, call }) => {
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

test("privacy mode hides from the bot what is not meant for it", async () => {
  await using simulator = await Simulator.start({ bot: { can_read_all_group_messages: false } });
  const ann = await simulator.user("ann");
  const group = await simulator.group("Team");
  const heard = async (text: string, reply_to?: number) => {
    const before = simulator.pending;
    await ann.sendText(text, { chat: group, ...(reply_to && { reply_to }) });
    return simulator.pending > before;
  };
  const { result } = await callerOf(simulator)("sendMessage", { chat_id: group.id, text: "hi" });
  assert.equal(await heard("hello"), false);
  assert.equal(await heard("/help"), true);
  assert.equal(await heard("/help@other_bot"), false);
  assert.equal(await heard("/help@simulated_bot"), true);
  assert.equal(await heard("hey @simulated_bot"), true);
  assert.equal(await heard("hello", result.message_id), true);
});
