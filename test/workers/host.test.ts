/** The host in a real worker thread: what goes in through its port, and what comes out. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { BOT, PAYLOADS } from "../protocol/updates.ts";
import { Harness, type HarnessOptions, type LogLine } from "./harness.ts";

const start = (options?: HarnessOptions) => Harness.start("diary.ts", { lifespan: "on", ...options });

test("lifespan startup comes before the first event, shutdown after the end of the last instance", async () => {
  await using worker = await start();
  worker.deliver("a", 1);
  worker.deliver("b", 2);
  await worker.until(() => worker.printed.length === 5);
  await worker.drain();
  assert.equal(worker.printed[0], "startup");
  assert.deepEqual(worker.printed.slice(5), ["chat 1 ends: shutdown", "chat 2 ends: shutdown", "shutdown"]);
  assert.equal(worker.fates, "settled settled");
  assert.deepEqual(worker.unseen, []);
});

test("an update without a chat or user goes to the bot's own scope", async () => {
  await using worker = await start();
  worker.deliverUpdate({ poll: PAYLOADS.poll }, 3);
  await worker.until(() => worker.printed.length === 3);
  assert.deepEqual(worker.printed.slice(1), [
    `user ${BOT.username} starts`,
    `user ${BOT.username}: telegram.poll 1001, attempt 3`,
  ]);
  assert.equal(worker.output[1]!.scope, `user:${BOT.id}`);
});

test("events that are settled in one turn are reported in one message", async () => {
  await using worker = await Harness.start("misbehaving.ts:neverReceivesInChatOne");
  for (let chat = 2; chat < 50; chat++) worker.deliver("x", chat);
  await worker.settled();
  assert.ok(worker.settledTogether.length < 10, `${worker.settledTogether.length} messages`);
});

test("events that come together are told as taken before the first of them begins, so that others come meanwhile", async () => {
  using folder = new Folder();
  await using worker = await Harness.start("misbehaving.ts:blocksUntilFileExists");
  const seqs = worker.deliverTogether(folder.join("go on"), 16);
  await worker.until(() => worker.taken.length > 0);
  assert.deepEqual(worker.taken, [seqs]);
  assert.deepEqual(worker.settledTogether, []);
  folder.write("go on", "");
  await worker.settled();
});

test("an event that comes alone is told as taken, too", async () => {
  await using worker = await Harness.start("misbehaving.ts:neverReceivesInChatOne");
  const seq = worker.deliver("x", 2);
  await worker.settled();
  assert.deepEqual(worker.taken, [[seq]]);
});

test("delivery(update) knows any update that the worker has, in code of any context", async () => {
  await using worker = await Harness.start("queued.ts");
  const seq = worker.deliver("x", 1);
  await worker.until(() => worker.printed.length === 2);
  assert.deepEqual(worker.printed, [`update ${1000 + seq}`, "update undefined"]);
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
  const answers = () => worker.printed.filter((line) => !line.includes("telegram.message") && line.includes(": "));
  await worker.until(() => answers().length === 3);
  assert.deepEqual(answers().toSorted(), [
    `chat 1: {"id":${BOT.id}}`,
    "chat 2: NetworkError: close: ECONNRESET (it is not known whether Telegram carried it out)",
    "chat 3: TelegramError: getMee: 404 Not Found (telegram.get_mee names no method known to this version; did you mean telegram.get_me?)",
  ]);
});

test("the instance that has been idle the longest is evicted for a new one", async () => {
  await using worker = await start({ maxInstances: 1 });
  worker.deliver("a", 1);
  await worker.until(() => worker.printed.length === 3);
  worker.deliver("b", 2);
  await worker.until(() => worker.printed.includes("chat 1 ends: evicted"));
  await worker.settled();
});

test("an instance that has been idle for too long is dropped", async () => {
  await using worker = await start({ idleTimeout: 20 });
  worker.deliver("a", 1);
  await worker.until(() => worker.printed.includes("chat 1 ends: idle"));
  assert.equal(worker.fates, "settled");
  worker.deliver("b", 1);
  await worker.until(() => worker.printed.filter((line) => line === "chat 1 starts").length === 2);
});

test("a revoked shard's instances end, its queued events are unseen, and other shards go on", async () => {
  const shard = shardOf(1, SHARDS);
  assert.notEqual(shard, shardOf(2, SHARDS));
  const revoked = Promise.withResolvers<readonly number[]>();
  await using worker = await start({
    answer: () => {
      // The instance waits for this answer, with two events queued behind it.
      worker.revoke(shard).then(revoked.resolve);
      return true;
    },
  });
  const lines = (chat: number) => worker.printed.filter((line) => line.startsWith(`chat ${chat}`));
  worker.deliver("b", 2);
  for (const text of ["telegram.close", "c", "d"]) worker.deliver(text, 1);
  assert.deepEqual(await revoked.promise, [3, 4]);
  assert.deepEqual(lines(1), [
    "chat 1 starts",
    "chat 1: telegram.message 1002, attempt 1",
    "chat 1: true",
    "chat 1 ends: moved",
  ]);
  assert.equal(worker.fates, "settled settled left left");
  worker.deliver("e", 2);
  worker.deliver("f", 1);
  await worker.until(() => worker.fates === "settled settled left left settled settled");
  assert.deepEqual(lines(2).slice(1), [
    "chat 2: telegram.message 1001, attempt 1",
    "chat 2: telegram.message 1005, attempt 1",
  ]);
  assert.deepEqual(lines(1).slice(4), ["chat 1 starts", "chat 1: telegram.message 1006, attempt 1"]);
});

test("an idle instance of a revoked shard ends at once, and the answer comes after its end", async () => {
  await using worker = await start();
  worker.deliver("a", 1);
  await worker.settled();
  assert.deepEqual(await worker.revoke(shardOf(1, SHARDS)), []);
  assert.equal(worker.printed.at(-1), "chat 1 ends: moved");
  assert.deepEqual(await worker.revoke(shardOf(1, SHARDS)), [], "nothing is left of it");
});

test("an application that computes inline is told so once, with the chat and the update", async () => {
  await using worker = await Harness.start("misbehaving.ts:blocksTheThread");
  for (const text of ["one", "two"]) {
    worker.deliver(text, 123);
    await worker.settled();
  }
  const [line, ...others] = worker.lines as [LogLine, ...LogLine[]];
  assert.match(line.message, /^worker 0 was blocked for \d+ ms by chat 123 \(update \d+\): move this to offload\(\)$/);
  assert.deepEqual([line.level, line.scope, line.kind], ["warn", "chat:123", "message"]);
  assert.deepEqual(others, []);
});

test("an application that computes inline after a file or request of its own is told so, too", async () => {
  await using worker = await Harness.start("misbehaving.ts:blocksAfterFile");
  worker.deliver("one", 123);
  await worker.settled();
  await eventually(
    () => worker.lines.length > 0,
    () => worker.lines,
  );
  assert.match(worker.lines[0]!.message, /^worker 0 was blocked for 4\d\d ms by chat 123 \(update \d+\)/);
});
