import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { on } from "node:events";
import { test } from "node:test";
import type { Load } from "../../bench/load.ts";
import type { FromStub, PhaseResult } from "../../bench/stub.ts";

interface Message {
  update_id: number;
  message: { text: string; chat: { id: number } };
}

/** Runs a client against the stub with a load of one phase. */
async function runPhase(load: Load, client: (call: Call) => Promise<unknown>): Promise<PhaseResult> {
  const stub = fork(new URL("../../bench/stub.ts", import.meta.url));
  const messages = on(stub, "message") as AsyncIterator<[FromStub]>;
  const next = async () => (await messages.next()).value[0] as FromStub;
  try {
    stub.send({ type: "prepare", load });
    const prepared = await next();
    assert(prepared.type === "prepared");
    stub.send({ type: "begin", pid: process.pid });
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const served = client(async (method, parameters) => {
      const response = await fetch(`${prepared.url}/bot1:bench/${method}`, {
        ...post,
        body: JSON.stringify(parameters),
      });
      return ((await response.json()) as { result: unknown }).result;
    });
    assert.equal((await next()).type, "polled");
    const done = await next();
    assert(done.type === "done");
    await served;
    return done.result;
  } finally {
    stub.disconnect();
  }
}

type Call = (method: string, parameters: object) => Promise<unknown>;

/** Receives and answers `count` updates, each batch in the order that `order` returns. */
async function answerAll(call: Call, count: number, order: (updates: Message[]) => Message[]): Promise<void> {
  let offset: number | undefined;
  for (let received = 0; received < count; ) {
    const updates = (await call("getUpdates", { offset, timeout: 10 })) as Message[];
    received += updates.length;
    offset = updates.at(-1)!.update_id + 1;
    for (const { message } of order(updates)) {
      await call("sendMessage", { chat_id: message.chat.id, text: message.text });
    }
  }
}

test("a run without faults is reported with its times", async () => {
  const load = { phases: [{ updates: 250, chats: 10, heavyEvery: 5 }] };
  const result = await runPhase(load, (call) => answerAll(call, 250, (updates) => updates));
  assert.deepEqual(result.verdict, { lost: 0, repeated: 0, outOfOrder: 0, astray: 0 });
  assert.deepEqual([result.updates, result.light.count, result.heavy.count], [250, 200, 50]);
  assert.equal(result.pollGaps.count, 2);
  assert(result.seconds > 0 && result.cpu > 0 && result.stubCpu > 0);
});

test("an update answered twice and an update out of order are reported", async () => {
  const load = { phases: [{ updates: 4, chats: 2 }] };
  const shuffled = ([first, second, third, fourth]: Message[]) => [third!, second!, second!, first!, fourth!];
  const result = await runPhase(load, (call) => answerAll(call, 4, shuffled));
  assert.deepEqual(result.verdict, { lost: 0, repeated: 1, outOfOrder: 1, astray: 0 });
});

test("updates with a rate arrive over time, and calls take the latency of the load", async () => {
  const load = { phases: [{ updates: 5, chats: 5, rate: 100 }], latency: 20 };
  const result = await runPhase(load, (call) => answerAll(call, 5, (updates) => updates));
  assert(result.seconds >= 0.04, `all arrived within ${result.seconds} s`);
  assert(result.light.max >= 10, "an update did not wait for the call before it");
});

test("a stub is reached by name, takes a photo for an answer, and keeps every time of a phase that asks for it", async () => {
  const load = { phases: [{ updates: 2, chats: 2, heavyEvery: 2, keepsSamples: true }], byName: true };
  const { samples, light } = await runPhase(load, async (call) => {
    const [first, second] = (await call("getUpdates", { timeout: 10 })) as [Message, Message];
    await call("sendPhoto", { chat_id: first.message.chat.id, caption: first.message.text });
    await call("sendMessage", { chat_id: second.message.chat.id, text: second.message.text });
  });
  assert.deepEqual([samples!.light.length, samples!.heavy.length, samples!.pollGaps], [1, 1, []]);
  assert.equal(samples!.light[0], Math.round(light.p50 * 100) / 100);
});
