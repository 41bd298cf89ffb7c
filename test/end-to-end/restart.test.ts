import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, Folder, message, startBot, until } from "./bot.ts";

const CHATS = 40;
const ROUNDS = 25;
const TOTAL = CHATS * ROUNDS;

/** ROUNDS messages to each of CHATS chats, numbered 1, 2, … in each. */
const updates = Array.from({ length: TOTAL }, (_, i) => message((i % CHATS) + 1, `${Math.floor(i / CHATS) + 1}`));

/** What each chat was told, in order: the number of the message. */
const heard = (calls: { chat_id: number; text: string }[]) =>
  [...Map.groupBy(calls, ({ chat_id }) => chat_id).values()].map((ofChat) =>
    ofChat.map(({ text }) => Number.parseInt(text, 10)),
  );

const inOrder = Array.from({ length: ROUNDS }, (_, i) => i + 1);

/** Starts a server, ends it in mid-load, and starts another on what it has left. */
async function restarted(signal: "SIGTERM" | "SIGKILL") {
  const folder = new Folder();
  const simulator = await Simulator.start();
  const args = ["--workers", "2", "--inbox", join(folder.path, "inbox.sqlite")];
  const first = await startBot("slow", simulator, args);
  await simulator.pushMany(updates);
  await callsOf(simulator, "sendMessage", TOTAL / 4);
  const { code } = await first.end(signal);
  const before = simulator.calls.filter(({ method }) => method === "sendMessage").length;
  assert.ok(before < TOTAL, "it was ended in mid-load");
  const second = await startBot("slow", simulator, args);
  return {
    simulator,
    code,
    second,
    async [Symbol.asyncDispose]() {
      await second[Symbol.asyncDispose]();
      await simulator.close();
      folder[Symbol.dispose]();
    },
  };
}

describe("a restart in mid-load", () => {
  test("after SIGTERM loses nothing and repeats nothing", async () => {
    await using run = await restarted("SIGTERM");
    assert.equal(run.code, 0);
    const calls = await callsOf(run.simulator, "sendMessage", TOTAL);
    assert.equal((await run.second.end()).code, 0);
    for (const numbers of heard(calls as { chat_id: number; text: string }[])) assert.deepEqual(numbers, inOrder);
    assert.equal(run.simulator.pending, 0, "the last offset is confirmed");
  });

  test("after kill -9 loses nothing, and keeps the order of each chat", async () => {
    await using run = await restarted("SIGKILL");
    const { simulator } = run;
    // A reply that was repeated takes the place of one that is still to come: all are there when each chat has its last.
    const last = (chat: number) =>
      simulator.calls.some(
        ({ parameters: { chat_id, text } }) => chat_id === chat && String(text).startsWith(`${ROUNDS} `),
      );
    await until(simulator, () => Array.from({ length: CHATS }, (_, i) => i + 1).every(last));
    const calls = (await callsOf(simulator, "sendMessage", TOTAL)) as { chat_id: number; text: string }[];
    assert.equal((await run.second.end()).code, 0);
    for (const numbers of heard(calls)) {
      // At most the one event at hand when the process died is there twice.
      const repeated = numbers.filter((number, i) => number === numbers[i - 1]);
      assert.ok(repeated.length <= 1, `repeated: ${repeated}`);
      assert.deepEqual([...new Set(numbers)], inOrder);
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        numbers,
      );
    }
  });
});
