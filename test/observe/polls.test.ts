import assert from "node:assert/strict";
import { test } from "node:test";
import { Polls } from "../../src/observe/polls.ts";

/** Writes down what it is told. */
function recorded(now?: () => number) {
  const told: unknown[] = [];
  const polled = (...what: unknown[]) => void told.push(what);
  return { told, polls: new Polls({ polled }, now) };
}

const { signal: never } = new AbortController();

test("failures count until a poll succeeds", async () => {
  const { polls } = recorded();
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
  const { polls, told } = recorded();
  await assert.rejects(polls.watch(Promise.reject(new Error("aborted")), AbortSignal.abort()));
  assert.equal(polls.failures, 0);
  assert.deepEqual(told, []);
});

test("it is silent since a poll last began or ended", async () => {
  let now = 1000;
  const { polls } = recorded(() => now);
  now += 5;
  assert.equal(polls.silence, 5);
  const { promise, resolve } = Promise.withResolvers<[]>();
  const watched = polls.watch(promise, never);
  assert.equal(polls.silence, 0);
  now += 50;
  assert.equal(polls.silence, 50);
  resolve([]);
  await watched;
  assert.equal(polls.silence, 0);
});

test("each is told of, with what it brought and how long it took", async () => {
  let now = 0;
  const { polls, told } = recorded(() => now++);
  const error = new Error("no answer");
  await polls.watch(Promise.resolve([{}, {}]), never);
  await polls.watch(Promise.reject(error), never).catch(() => {});
  assert.deepEqual(
    told.map((what) => (what as unknown[]).toSpliced(1, 1)),
    [[2], [0, error]],
  );
  for (const what of told) assert.ok((what as number[])[1]! > 0);
});

test("the last success is known; for none yet it is the beginning, so that nobody is alarmed", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_789_999_999_000 });
  const { polls } = recorded();
  assert.equal(polls.lastSuccess, 1_789_999_999_000);
  t.mock.timers.setTime(1_790_000_000_000);
  await polls.watch(Promise.resolve([]), never);
  t.mock.timers.setTime(1_790_000_001_000);
  await polls.watch(Promise.reject(new Error("no")), never).catch(() => {});
  assert.equal(polls.lastSuccess, 1_790_000_000_000);
});
