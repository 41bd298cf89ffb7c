/** Forwards and copies: Bot API, forwardMessage to copyMessages; tdlib, MessagesManager.cpp (`get_forwarded_messages`). */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@grammyjs/types";
import { type SimulatedChat, Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { receiver } from "../../received.ts";

async function withMessages() {
  const simulator = await Simulator.start();
  const ann = await simulator.user("ann");
  const text = await ann.sendText("words");
  const photo = await ann.send({
    photo: [{ file_id: "p", file_unique_id: "u", width: 1, height: 1 }],
    caption: "look",
  });
  const group = await simulator.group("Team");
  return {
    simulator,
    ann,
    text,
    photo,
    group,
    call: callerOf(simulator),
    target: { chat_id: group.id, from_chat_id: ann.id },
  };
}

test("a forward names its origin, a copy does not", async () => {
  const { simulator, ann, text, group, call, target } = await withMessages();
  await using _ = simulator;
  const { result: forward } = await call("forwardMessage", { ...target, message_id: text.message_id });
  assert.equal(forward.text, "words");
  assert.deepEqual([forward.forward_origin.type, forward.forward_origin.sender_user.id], ["user", ann.id]);
  const { result: id } = await call("copyMessage", { ...target, message_id: text.message_id });
  const [, copy] = await group.messages();
  assert.deepEqual(id, { message_id: copy?.message_id });
  assert.deepEqual([copy?.text, copy?.forward_origin], ["words", undefined]);
});

// Bot API, copyMessage: reply_parameters; forwardMessage has none.
test("a copy may answer a message", async () => {
  const { simulator, ann, text, group, call, target } = await withMessages();
  await using _ = simulator;
  const { message_id } = await ann.sendText("what?", { chat: group });
  const reply_parameters = { message_id };
  await call("copyMessage", { ...target, message_id: text.message_id, reply_parameters });
  await call("forwardMessage", { ...target, message_id: text.message_id, reply_parameters });
  const [, copy, forward] = await group.messages();
  assert.deepEqual([copy?.reply_to_message?.text, forward?.reply_to_message], ["what?", undefined]);
  const toNone = { ...target, message_id: text.message_id, reply_parameters: { message_id: 99 } };
  assert.equal(verdict(await call("copyMessage", toNone)), "400 Bad Request: message to be replied not found");
});

test("a copy may have another caption, or none", async () => {
  const { simulator, photo, group, call, target } = await withMessages();
  await using _ = simulator;
  await call("copyMessage", { ...target, message_id: photo.message_id, caption: "see" });
  await call("copyMessages", { ...target, message_ids: [photo.message_id], remove_caption: true });
  assert.deepEqual(
    (await group.messages()).map(({ caption }) => caption),
    ["see", undefined],
  );
});

test("a missing message is refused, or skipped among several", async () => {
  const { simulator, text, photo, call, target } = await withMessages();
  await using _ = simulator;
  assert.equal(
    verdict(await call("forwardMessage", { ...target, message_id: 99 })),
    "400 Bad Request: message to forward not found",
  );
  assert.equal(
    verdict(await call("copyMessage", { ...target, message_id: 99 })),
    "400 Bad Request: message to copy not found",
  );
  const message_ids = [text.message_id, 99, photo.message_id];
  assert.equal((await call("forwardMessages", { ...target, message_ids })).result.length, 2);
});

test("a forward and a copy go to the topic that the call names, or to none", async () => {
  const { simulator, ann, call } = await withMessages();
  await using _ = simulator;
  const forum = await simulator.group("Forum", { forum: true });
  const [a, b] = [await ann.createTopic(forum, "A"), await ann.createTopic(forum, "B")];
  const original = await ann.sendText("words", { chat: forum, topic: a });
  const { message_id } = original;
  for (const method of ["forwardMessage", "copyMessage"]) {
    const placeOf = async (chat: SimulatedChat, place: object = {}) => {
      await call(method, { chat_id: chat.id, from_chat_id: forum.id, message_id, ...place });
      const { message_thread_id, is_topic_message } = await chat.last();
      return [message_thread_id, is_topic_message];
    };
    assert.deepEqual(await placeOf(forum, { message_thread_id: b }), [b, true], method);
    assert.deepEqual(await placeOf(forum), [undefined, undefined], method);
    assert.deepEqual(await placeOf(ann.chat), [undefined, undefined], method);
  }
  const { message_thread_id, is_topic_message } = await ann.forward(original);
  assert.deepEqual([message_thread_id, is_topic_message], [undefined, undefined]);
});

// tdlib, fix_forwarded_message and forward_messages: a forward keeps via_bot and a reply to another chat, a copy does not.
test("what belongs to the first message and its place is not taken over", async () => {
  const { simulator, ann, text, group, call, target } = await withMessages();
  await using _ = simulator;
  const origin = { type: "hidden_user" as const, sender_user_name: "Eve", date: 1 };
  const place = { media_group_id: "1", effect_id: "2", business_connection_id: "3", author_signature: "Ann" };
  const quote = { text: "words", position: 0 };
  const via_bot = { id: 5, is_bot: true, first_name: "Via", username: "via_bot" };
  const near = await ann.send({ text: "near", quote, ...place, via_bot }, { reply_to: text });
  const far = await ann.send({ text: "far", quote, external_reply: { origin } });
  const send = async (method: string, { message_id }: Message) => {
    const { result } = await call(method, { ...target, message_id });
    const sent = (await group.messages()).find((message) => message.message_id === result.message_id)!;
    const { message_id: _, from: __, chat: ___, date: ____, forward_origin: _____, ...content } = sent;
    return content;
  };
  assert.deepEqual(await send("copyMessage", near), { text: "near" });
  assert.deepEqual(await send("forwardMessage", near), { text: "near", via_bot });
  assert.deepEqual(await send("copyMessage", far), { text: "far" });
  assert.deepEqual(await send("forwardMessage", far), { text: "far", external_reply: { origin }, quote });
});

test("a user's forward of a business message into the private chat is no business message", async () => {
  const { simulator, ann, call, group } = await withMessages();
  await using _ = simulator;
  const received = receiver(call);
  await received();
  const message = await ann.send({ text: "order", business_connection_id: "1" }, { chat: group });
  await received();
  await ann.forward(message);
  const [update] = await received();
  assert.deepEqual([update?.message?.text, update?.business_message], ["order", undefined]);
});

// Bot API, forwardMessages: "Album grouping is kept for forwarded messages."
test("several messages of an album become a new album, one of it does not", async () => {
  const { simulator, ann, group, call, target } = await withMessages();
  await using _ = simulator;
  const [one, two] = [
    await ann.sendFile("a.txt", "a", { album: "1" }),
    await ann.sendFile("b.txt", "b", { album: "1" }),
  ];
  const message_ids = [one.message_id, two.message_id];
  for (const method of ["forwardMessages", "copyMessages"]) {
    await call(method, { ...target, message_ids });
    const [first, second] = (await group.messages()).slice(-2).map(({ media_group_id }) => media_group_id);
    assert.ok(first !== undefined && first !== one.media_group_id, method);
    assert.equal(second, first, method);
    await call(method, { ...target, message_ids: [two.message_id] });
    assert.equal((await group.messages()).at(-1)?.media_group_id, undefined, method);
  }
});

// Bot API, forwardMessage and copyMessage; the words are tdlib's: forward_message, and Client.cpp, TdOnForwardMessagesCallback.
test("service messages are neither forwarded nor copied, protected ones not forwarded, invoices not copied", async () => {
  const { simulator, ann, text, group, call, target } = await withMessages();
  await using _ = simulator;
  const verdictOf = async (method: string, { message_id }: { message_id: number }) =>
    verdict(await call(method, { ...target, message_id })).replace("400 Bad Request: ", "");
  const [noForward, noCopy] = ["the message can't be forwarded", "the message can't be copied"];
  const service = await ann.send({ new_chat_title: "Other" });
  const guarded = (await call("sendMessage", { chat_id: ann.id, text: "secret", protect_content: true })).result;
  const quiz = { id: "1", question: "?", type: "quiz", options: [] };
  const cases: [Message, forward: string, copy: string][] = [
    [service, noForward, noCopy],
    [guarded, noForward, "ok"],
    [await ann.send({ invoice: { title: "Tea" } } as object), "ok", noCopy],
    [await ann.send({ poll: quiz } as object), "ok", noCopy],
    [await ann.send({ poll: { ...quiz, correct_option_ids: [0] } } as object), "ok", "ok"],
  ];
  for (const [message, forward, copy] of cases) {
    assert.deepEqual(
      [await verdictOf("forwardMessage", message), await verdictOf("copyMessage", message)],
      [forward, copy],
    );
  }
  const copied = (await group.messages()).find((message) => message.text === "secret");
  assert.equal(copied?.has_protected_content, undefined);
  const several = async (method: string, ...messages: Message[]) =>
    await call(method, { ...target, message_ids: messages.map(({ message_id }) => message_id) });
  for (const method of ["forwardMessages", "copyMessages"]) {
    assert.equal((await several(method, service, text)).result.length, 1);
    assert.equal(verdict(await several(method, service)), "400 Bad Request: messages can't be forwarded");
    const missing = await call(method, { ...target, message_ids: [99] });
    assert.equal(verdict(missing), "400 Bad Request: there are no messages to forward");
  }
  await assert.rejects(ann.forward(service), /can't be forwarded/);
  await assert.rejects(ann.forward(guarded), /can't be forwarded/);
});
