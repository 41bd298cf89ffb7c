import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { callsOf, message, startBot, startBotHere, until } from "./bot.ts";

const CHATS = 40;
const ROUNDS = 25;
const TOTAL = CHATS * ROUNDS;

/** ROUNDS messages to each of CHATS chats, numbered 1, 2, … in each. */
const updates = Array.from({ length: TOTAL }, (_, i) => message((i % CHATS) + 1, `${Math.floor(i / CHATS) + 1}`));

/** Numbers of the messages that the bot answered, in order, by chat. */
const answered = (calls: { chat_id: number; text: string }[]) =>
  [...Map.groupBy(calls, ({ chat_id }) => chat_id).values()].map((ofChat) =>
    ofChat.map(({ text }) => Number.parseInt(text, 10)),
  );

const inOrder = Array.from({ length: ROUNDS }, (_, i) => i + 1);

const argsFor = (folder: Folder) => ["--workers", "2", "--inbox", folder.join("inbox.sqlite")];

/** Starts a server, sends it TOTAL updates, and ends it in mid-load. @returns its exit code */
async function interrupt(signal: "SIGTERM" | "SIGKILL", simulator: Simulator, folder: Folder): Promise<number | null> {
  await using bot = await startBot("slow", simulator, argsFor(folder));
  await simulator.pushMany(updates);
  await callsOf(simulator, "sendMessage", TOTAL / 4);
  const { code } = await bot.end(signal);
  const sent = simulator.calls.filter(({ method }) => method === "sendMessage").length;
  assert.ok(sent < TOTAL, "the server was ended in mid-load");
  return code;
}

describe("a restart in mid-load", () => {
  test("a restart after SIGTERM loses nothing and repeats nothing", async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    assert.equal(await interrupt("SIGTERM", simulator, folder), 0);
    await using second = await startBotHere("slow", simulator, argsFor(folder));
    const calls = await callsOf(simulator, "sendMessage", TOTAL);
    assert.equal((await second.end()).code, 0);
    for (const numbers of answered(calls as { chat_id: number; text: string }[])) assert.deepEqual(numbers, inOrder);
    assert.equal(simulator.pending, 0, "the last offset is confirmed");
  });

  test("a restart after kill -9 loses nothing, and keeps the order of each chat", async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    await interrupt("SIGKILL", simulator, folder);
    await using second = await startBotHere("slow", simulator, argsFor(folder));
    // Repeated answers count in callsOf(): all are there when each chat has its last one.
    const last = (chat: number) =>
      simulator.calls.some(
        ({ parameters: { chat_id, text } }) => chat_id === chat && String(text).startsWith(`${ROUNDS} `),
      );
    await until(simulator, () => Array.from({ length: CHATS }, (_, i) => i + 1).every(last));
    const calls = (await callsOf(simulator, "sendMessage", TOTAL)) as { chat_id: number; text: string }[];
    assert.equal((await second.end()).code, 0);
    for (const numbers of answered(calls)) {
      // The one event at hand when the process died may be there twice.
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
