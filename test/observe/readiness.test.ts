import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNotReady } from "../../src/observe/readiness.ts";
import type { Vitals } from "../../src/observe/status.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { WELL, worker } from "./well.ts";

const reasons = (vitals: Partial<Vitals>) =>
  whyNotReady({ ...WELL, ...vitals }).map(({ check, reason }) => `${check}: ${reason}`);

test("all is well", () => {
  assert.deepEqual(reasons({}), []);
  assert.deepEqual(reasons({ polls: { ...WELL.polls, silence: 60_000 } }), []);
});

test("a server that starts or stops is not ready, whatever else there is", () => {
  assert.deepEqual(reasons({ phase: "starting", workers: [] }), ["phase: starting"]);
  assert.deepEqual(reasons({ phase: "stopping", isFull: true }), ["phase: stopping"]);
});

test("two polls may fail in a row, three may not", () => {
  const polls = { ...WELL.polls, lastError: "getUpdates: ECONNREFUSED" };
  assert.deepEqual(reasons({ polls: { ...polls, failures: 2 } }), []);
  assert.deepEqual(reasons({ polls: { ...polls, failures: 3 } }), [
    "polling: the last 3 polls have failed: getUpdates: ECONNREFUSED",
  ]);
});

test("a poll may take its fifty seconds and ten more; then one ought to be over, unless there is no room", () => {
  const polls = { ...WELL.polls, silence: 70_000 };
  assert.deepEqual(reasons({ polls: { ...polls, silence: 69_999 }, isFull: true }), []);
  assert.deepEqual(reasons({ polls }), ["polling: no poll for 70 s: none is under way"]);
  assert.deepEqual(reasons({ polls, isFull: true }), [
    "polling: no poll for 70 s: too much is unsettled, and polling waits for that",
  ]);
});

test("every worker has to be up, and its event loop to turn", () => {
  const workers = [worker(0, { isUp: false }), worker(1, { silence: 9999 }), worker(2, { silence: 12_345 })];
  assert.deepEqual(reasons({ workers }), [
    "workers: worker 0 is not up",
    "workers: worker 2 is stalled: its event loop has not turned for 12 s",
  ]);
});

test("the inbox has to be writable, and all that is wrong is said", () => {
  const checkInbox = () => {
    throw new InboxError("the inbox x.sqlite could not be written: the disk is full");
  };
  const workers = [worker(0, { isUp: false })];
  assert.deepEqual(reasons({ workers, checkInbox }), [
    "workers: worker 0 is not up",
    "inbox: the inbox x.sqlite could not be written: the disk is full",
  ]);
});
