/** The host in a real worker thread: what goes in through its port, and what comes out. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { BOT, PAYLOADS } from "../protocol/updates.ts";
import { Harness, type HarnessOptions } from "./harness.ts";

const start = (options?: HarnessOptions) => Harness.start("diary.ts", { lifespan: "on", ...options });
const lines = (worker: Harness) => worker.told("output").map(({ text }) => text);

test("startup comes before the first event, shutdown after the last instance is at its end", async () => {
  await using worker = await start();
  worker.deliver("a", 1);
  worker.deliver("b", 2);
  await worker.until(() => lines(worker).length === 5);
  await worker.drain();
  assert.equal(lines(worker)[0], "startup");
  assert.deepEqual(lines(worker).slice(5), ["chat 1 ends: shutdown", "chat 2 ends: shutdown", "shutdown"]);
  assert.equal(worker.fates, "settled settled");
});

test("what names neither chat nor user goes to the bot's own scope", async () => {
  await using worker = await start();
  worker.deliverUpdate({ poll: PAYLOADS.poll }, 3);
  await worker.until(() => lines(worker).length === 3);
  assert.deepEqual(lines(worker).slice(1), [
    `user ${BOT.username} starts`,
    `user ${BOT.username}: telegram.poll 1001, attempt 3`,
  ]);
  assert.equal(worker.told("output")[1]!.scope, `user:${BOT.id}`);
});

test("events that are settled in one go are told of in one go", async () => {
  await using worker = await Harness.start("misbehaving.ts:neverReceivesInChatOne");
  for (let chat = 2; chat < 50; chat++) worker.deliver("x", chat);
  await worker.settled();
  assert.ok(worker.told("settled").length < 10, `${worker.told("settled").length} messages`);
});

test("each answer reaches the instance that made the call", async () => {
  const answer = ({ method }: { method: string }) => {
    if (method === "getMe") return { id: BOT.id };
    if (method === "close") throw new NetworkError(method, "unknown", "ECONNRESET");
    throw new TelegramError(method, 404, "Not Found");
  };
  await using worker = await start({ answer });
  worker.deliver("telegram.get_me", 1);
  worker.deliver("telegram.close", 2);
  worker.deliver("telegram.get_mee", 3);
  const answers = () => lines(worker).filter((line) => !line.includes("telegram.message") && line.includes(": "));
  await worker.until(() => answers().length === 3);
  assert.deepEqual(answers().toSorted(), [
    `chat 1: {"id":${BOT.id}}`,
    "chat 2: NetworkError: close: ECONNRESET (it is not known whether Telegram carried it out)",
    "chat 3: TelegramError: getMee: 404 Not Found (telegram.get_mee names no method known to this version; did you mean telegram.get_me?)",
  ]);
});

test("the instance that has been idle the longest gives way to a new one", async () => {
  await using worker = await start({ maxInstances: 1 });
  worker.deliver("a", 1);
  await worker.until(() => lines(worker).length === 3);
  worker.deliver("b", 2);
  await worker.until(() => lines(worker).includes("chat 1 ends: evicted"));
  await worker.settled();
});

test("an instance that has been idle for too long is dropped", async () => {
  await using worker = await start({ idleTimeout: 20 });
  worker.deliver("a", 1);
  await worker.until(() => lines(worker).includes("chat 1 ends: idle"));
  assert.equal(worker.fates, "settled");
  worker.deliver("b", 1);
  await worker.until(() => lines(worker).filter((line) => line === "chat 1 starts").length === 2);
});
