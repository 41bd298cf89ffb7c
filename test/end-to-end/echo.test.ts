import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

const CHATS = 200;
const ROUNDS = 10;

test("two workers answer 200 chats, each chat in order, by one instance, from one thread", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("echo", simulator, ["--no-inbox", "--workers", "2"]);
  for (let round = 1; round <= ROUNDS; round++) {
    await simulator.pushMany(Array.from({ length: CHATS }, (_, chat) => message(chat + 1, `${round}`)));
  }
  const calls = await callsOf(simulator, "sendMessage", CHATS * ROUNDS);
  assert.equal(calls.length, CHATS * ROUNDS);

  const replies = Map.groupBy(calls, ({ chat_id }) => chat_id);
  assert.equal(replies.size, CHATS);
  const expected = Array.from({ length: ROUNDS }, (_, i) => i + 1);
  const threads = new Set<number>();
  for (const [chat, ofChat] of replies) {
    const answers = ofChat.map(({ text }) => JSON.parse(text));
    assert.deepEqual(
      answers.map(({ text }) => Number(text)),
      expected,
      `the order in chat ${chat}`,
    );
    assert.deepEqual(
      answers.map(({ n }) => n),
      expected,
      `one instance for chat ${chat}`,
    );
    assert.equal(new Set(answers.map(({ thread }) => thread)).size, 1, `one thread for chat ${chat}`);
    threads.add(answers[0].thread);
  }
  assert.equal(threads.size, 2);
  assert.equal((await bot.end()).code, 0);
});
