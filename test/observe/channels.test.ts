import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, type RetryMessage, subscribe } from "../../src/observe/channels.ts";

const message: RetryMessage = { server: 1, method: "sendMessage", attempt: 1, cause: "refused", wait: 1000 };

test("whoever subscribes is told, until that is over", () => {
  const heard: RetryMessage[] = [];
  const unsubscribe = subscribe("asgigram:retry", (message) => heard.push(message));
  assert(channels.retry.hasSubscribers);
  channels.retry.publish(message);
  assert.deepEqual(heard, [message]);
  unsubscribe();
  assert(!channels.retry.hasSubscribers);
  channels.retry.publish(message);
  assert.equal(heard.length, 1);
});

test("several may listen to the same", () => {
  let heard = 0;
  const ends = [1, 2].map(() => subscribe("asgigram:retry", () => heard++));
  channels.retry.publish(message);
  ends[0]!();
  channels.retry.publish(message);
  ends[1]!();
  assert.equal(heard, 3);
});
