/** Polls: Bot API, sendPoll, Poll, PollAnswer; Client.cpp (JsonPoll). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf } from "../../caller.ts";
import { receiver } from "../../received.ts";

async function withPoll(parameters: object, now = Date.now) {
  const simulator = await Simulator.start({ now });
  const call = callerOf(simulator);
  const [ann, bob] = [await simulator.user("ann"), await simulator.user("bob")];
  const group = await simulator.group("Team");
  const options = [{ text: "*a*", text_parse_mode: "Markdown" }, { text: "b" }, { text: "c" }];
  const { result: message } = await call("sendPoll", { chat_id: group.id, question: "Q?", options, ...parameters });
  return { simulator, call, ann, bob, message, poll: message.poll, received: receiver(call) };
}

test("a quiz has its right answers and its explanation, a regular poll has none", async () => {
  const { simulator, call, message, poll } = await withPoll({
    type: "quiz",
    correct_option_ids: [1],
    explanation: "<b>b</b>",
    explanation_parse_mode: "HTML",
    open_period: 60,
  });
  await using _ = simulator;
  assert.deepEqual([poll.correct_option_ids, poll.explanation, poll.open_period], [[1], "b", 60]);
  assert.deepEqual(poll.explanation_entities, [{ type: "bold", offset: 0, length: 1 }]);
  assert.deepEqual([poll.options[0].text, poll.options[0].text_entities.length], ["a", 1]);
  const at = { chat_id: message.chat.id, question: "Q?", options: [{ text: "a" }, { text: "b" }] };
  const regular = (await call("sendPoll", at)).result.poll;
  assert.deepEqual([regular.type, regular.correct_option_ids, regular.is_anonymous], ["regular", undefined, true]);
});

test("several answers, a changed vote and a retracted one are counted", async () => {
  const { simulator, ann, bob, message, received } = await withPoll({
    allows_multiple_answers: true,
    is_anonymous: false,
  });
  await using _ = simulator;
  await ann.vote(message, [0, 2]);
  await bob.vote(message, [2]);
  await ann.vote(message, [1]);
  await bob.vote(message, []);
  const updates = await received();
  const counts = updates.flatMap(({ poll }) =>
    poll === undefined ? [] : [poll.options.map((option) => option.voter_count)],
  );
  assert.deepEqual(counts, [
    [1, 0, 1],
    [1, 0, 2],
    [0, 1, 1],
    [0, 1, 0],
  ]);
  assert.deepEqual(
    updates.flatMap(({ poll_answer }) => (poll_answer === undefined ? [] : [poll_answer.option_ids])),
    [[0, 2], [2], [1], []],
  );
});

test("a quiz takes one vote, a closed poll none", async () => {
  let now = Date.UTC(2030, 0);
  const { simulator, ann, bob, message, received } = await withPoll(
    { type: "quiz", correct_option_ids: [0], open_period: 60 },
    () => now,
  );
  await using _ = simulator;
  await assert.rejects(ann.vote(message, [0, 1]), /takes one answer/);
  await ann.vote(message, [0]);
  await assert.rejects(ann.vote(message, [1]), /no second vote/);
  now += 60_000;
  await assert.rejects(bob.vote(message, [1]), /closed/);
  assert.equal((await received()).at(-1)?.poll?.is_closed, true);
});

test("a poll that the bot stops keeps its votes, and the bot gets its last state", async () => {
  const { simulator, call, ann, message, received } = await withPoll({});
  await using _ = simulator;
  await ann.vote(message, [1]);
  const { result: poll } = await call("stopPoll", { chat_id: message.chat.id, message_id: message.message_id });
  assert.deepEqual([poll.is_closed, poll.total_voter_count], [true, 1]);
  assert.deepEqual((await received()).at(-1)?.poll, poll);
  await assert.rejects(ann.vote(message, [0]), /closed/);
});
