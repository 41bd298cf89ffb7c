import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNotReady } from "../../src/observe/readiness.ts";
import type { Status } from "../../src/observe/status.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { HEALTHY, worker } from "./healthy-status.ts";

async function reasons(changes: Partial<Status>): Promise<string[]> {
  const found = await whyNotReady({ ...HEALTHY, ...changes });
  return found.map(({ check, reason }) => `${check}: ${reason}`);
}

test("a healthy server is ready", async () => {
  assert.deepEqual(await reasons({}), []);
  assert.deepEqual(await reasons({ source: { ...HEALTHY.source, silence: 60_000 } }), []);
});

test("a server that starts or stops is not ready, and its phase is the only reason", async () => {
  assert.deepEqual(await reasons({ phase: "starting", workers: [] }), ["phase: starting"]);
  assert.deepEqual(await reasons({ phase: "stopping", fullSince: 1 }), ["phase: stopping"]);
});

test("two failed polls in a row are accepted, three are not", async () => {
  const source = { ...HEALTHY.source, lastError: "getUpdates: ECONNREFUSED" };
  assert.deepEqual(await reasons({ source: { ...source, failures: 2 } }), []);
  assert.deepEqual(await reasons({ source: { ...source, failures: 3 } }), [
    "polling: the last 3 polls have failed: getUpdates: ECONNREFUSED",
  ]);
});

test("70 s without a poll are a reason", async () => {
  const source = { ...HEALTHY.source, silence: 70_000 };
  assert.deepEqual(await reasons({ source: { ...source, silence: 69_999 } }), []);
  assert.deepEqual(await reasons({ source }), ["polling: no poll for 70 s"]);
});

test("a pause of polling is a reason from its beginning, and says since when", async () => {
  const fullSince = Date.UTC(2026, 0, 2, 3, 4, 5);
  assert.deepEqual(await reasons({ fullSince, source: { ...HEALTHY.source, silence: 70_000 } }), [
    "polling: polling pauses since 2026-01-02T03:04:05.000Z: too many events are unsettled",
  ]);
});

test("events that are held are a reason, with the error and since when", async () => {
  const holding = { since: Date.UTC(2026, 0, 2, 3, 4, 5), error: "Error: connect ECONNREFUSED #" };
  assert.deepEqual(await reasons({ holding }), [
    "events: events are held since 2026-01-02T03:04:05.000Z: most chats' events throw Error: connect ECONNREFUSED #",
  ]);
});

test("a worker that is down and a worker whose event loop stands still are reasons", async () => {
  const workers = [worker(0, { isUp: false }), worker(1, { silence: 9999 }), worker(2, { silence: 12_345 })];
  assert.deepEqual(await reasons({ workers }), [
    "workers: worker 0 is not up",
    "workers: worker 2 is stalled: its event loop has not turned for 12 s",
  ]);
});

test("a reload that failed is a reason", async () => {
  assert.deepEqual(await reasons({ reloadFailure: "bot.ts could not be imported: it threw Error: no" }), [
    "reload: the last reload failed, and the old code goes on: bot.ts could not be imported: it threw Error: no",
  ]);
});

test("an inbox that cannot be written is a reason, beside all others", async () => {
  const checkInbox = () => Promise.reject(new InboxError("the inbox x.sqlite could not be written: the disk is full"));
  const workers = [worker(0, { isUp: false })];
  assert.deepEqual(await reasons({ workers, checkInbox }), [
    "workers: worker 0 is not up",
    "inbox: the inbox x.sqlite could not be written: the disk is full",
  ]);
});

test("readiness waits for the inbox", async () => {
  const inbox = Promise.withResolvers<void>();
  let isDecided = false;
  const ready = reasons({ checkInbox: () => inbox.promise }).finally(() => {
    isDecided = true;
  });
  await new Promise(setImmediate);
  assert.equal(isDecided, false);
  inbox.reject(new InboxError("no answer"));
  assert.deepEqual(await ready, ["inbox: no answer"]);
});

test("a webhook that is not set is a reason, and so are three failed checks of it, and updates that wait for room", async () => {
  const requests = { stored: 0, postponed: 0, refused: 0, failed: 0 };
  const webhook = { isSet: true, pending: 5, requests };
  // A bot to which nobody writes gets no request for hours.
  const source = { ...HEALTHY.source, silence: 100_000_000, webhook };
  assert.deepEqual(await reasons({ source }), []);
  const lastError = "setWebhook: ECONNREFUSED";
  assert.deepEqual(await reasons({ source: { ...source, lastError, webhook: { ...webhook, isSet: false } } }), [
    "webhook: the webhook is not set: setWebhook: ECONNREFUSED",
  ]);
  assert.deepEqual(await reasons({ source: { ...source, lastError, failures: 2 } }), []);
  assert.deepEqual(await reasons({ source: { ...source, lastError, failures: 3 } }), [
    "webhook: the last 3 checks of the webhook have failed: setWebhook: ECONNREFUSED",
  ]);
  assert.deepEqual(await reasons({ source, fullSince: 0 }), [
    "webhook: updates wait at Telegram since 1970-01-01T00:00:00.000Z: too many events are unsettled",
  ]);
});
