import assert from "node:assert/strict";
import { test } from "node:test";
import { Polls } from "../../src/observe/polls.ts";

const { signal: never } = new AbortController();

test("failures count until a poll succeeds", async () => {
  const polls = new Polls();
  for (const failures of [1, 2]) {
    const error = new Error(`no answer ${failures}`);
    await assert.rejects(polls.watch(Promise.reject(error), never), error);
    assert.equal(polls.failures, failures);
    assert.equal(polls.lastError, error.message);
  }
  assert.deepEqual(await polls.watch(Promise.resolve([1]), never), [1]);
  assert.equal(polls.failures, 0);
  assert.equal(polls.lastError, undefined);
});

test("a poll that was ended has not failed", async () => {
  const polls = new Polls();
  await assert.rejects(polls.watch(Promise.reject(new Error("aborted")), AbortSignal.abort()));
  assert.equal(polls.failures, 0);
});

test("it is silent since a poll last began or ended", async () => {
  let now = 1000;
  const polls = new Polls(() => now);
  now += 5;
  assert.equal(polls.silence, 5);
  const { promise, resolve } = Promise.withResolvers<void>();
  const watched = polls.watch(promise, never);
  assert.equal(polls.silence, 0);
  now += 50;
  assert.equal(polls.silence, 50);
  resolve();
  await watched;
  assert.equal(polls.silence, 0);
});
