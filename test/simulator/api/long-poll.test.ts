import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { arrived, callerOf, verdict } from "../caller.ts";

const OTHER = "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK =
  "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

const update = { message: { text: "hi" } };

test("a waiting call is answered as soon as an update arrives", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const waiting = call("getUpdates", { timeout: 50 });
  await arrived(simulator);
  await simulator.push(update);
  assert.deepEqual((await waiting).result, [{ update_id: 100_000_001, ...update }]);
});

test("updates pushed together are answered together", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const waiting = call("getUpdates", { timeout: 50 });
  await arrived(simulator);
  await simulator.pushMany(Array.from({ length: 150 }, () => update));
  assert.equal((await waiting).result.length, 100);
});

test("a call without updates is answered with an empty list at its timeout", async () => {
  await using simulator = await Simulator.start();
  const started = Date.now();
  assert.deepEqual((await callerOf(simulator)("getUpdates", { timeout: 1 })).result, []);
  assert.ok(Date.now() - started >= 990);
});

test("limit is clamped, and a call without timeout does not wait", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  assert.deepEqual((await call("getUpdates")).result, []);
  await simulator.pushMany(Array.from({ length: 120 }, () => update));
  assert.equal((await call("getUpdates", { limit: 1000 })).result.length, 100);
  assert.equal((await call("getUpdates", { limit: 0 })).result.length, 1);
  assert.equal((await call("getUpdates", { limit: "7" })).result.length, 7);
});

test("the newest poller wins", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const older = call("getUpdates", { timeout: 50 });
  await arrived(simulator);
  const newer = call("getUpdates", { timeout: 50 });
  assert.equal(verdict(await older), OTHER);
  await simulator.push(update);
  assert.equal((await newer).result.length, 1);
});

test("a call whose caller closes the connection is dropped", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const hangUp = new AbortController();
  const abandoned = assert.rejects(call("getUpdates", { timeout: 50 }, hangUp.signal));
  await arrived(simulator);
  hangUp.abort();
  await abandoned;
  const next = call("getUpdates", { timeout: 50 });
  await arrived(simulator, 2);
  await simulator.push(update);
  assert.equal((await next).result.length, 1);
});

test("a webhook ends a waiting call and refuses others until it is deleted", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const waiting = call("getUpdates", { timeout: 50 });
  await arrived(simulator);
  await call("setWebhook", { url: "https://example.org/hook" });
  assert.equal(verdict(await waiting), "409 Conflict: terminated by setWebhook request");
  assert.equal(verdict(await call("getUpdates")), WEBHOOK);
  await simulator.push(update);
  const { result: info } = await call("getWebhookInfo");
  assert.deepEqual([info.url, info.pending_update_count], ["https://example.org/hook", 1]);
  await call("deleteWebhook", { drop_pending_updates: true });
  assert.deepEqual((await call("getUpdates")).result, []);
});

test("allowed_updates is kept, and applies when an update is pushed", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  await call("getUpdates", { allowed_updates: ["poll"] });
  assert.equal(await simulator.push(update), null);
  await call("getUpdates");
  assert.equal(await simulator.push(update), null);
  await call("getUpdates", { allowed_updates: "[]" });
  assert.notEqual(await simulator.push(update), null);
  await call("getUpdates", { allowed_updates: ["poll"] });
  assert.equal((await call("getUpdates")).result.length, 1);
});

test("strict: an offset repeated within half a second cuts the limit to one", async () => {
  let now = 1_000_000;
  await using simulator = await Simulator.start({ strictPolling: true, now: () => now });
  const call = callerOf(simulator);
  await simulator.pushMany([update, update, update]);
  assert.equal((await call("getUpdates")).result.length, 3);
  assert.equal((await call("getUpdates")).result.length, 1);
  now += 600;
  assert.equal((await call("getUpdates")).result.length, 3);
  const { result } = await call("getUpdates", { offset: 100_000_002 });
  assert.equal(result.length, 2);
});

test("strict: a repeated offset without new updates waits, even with timeout 0", async () => {
  await using simulator = await Simulator.start({ strictPolling: true, now: () => 1_000_000 });
  const call = callerOf(simulator);
  await call("getUpdates");
  const began = performance.now();
  const held = call("getUpdates");
  await arrived(simulator, 2);
  await simulator.push(update);
  const { result } = await held;
  // It waits for 3 s of real time: a machine that stands still for so long brings no update in time.
  assert.ok(result.length === 1 || performance.now() - began >= 3000, JSON.stringify(result));
});
