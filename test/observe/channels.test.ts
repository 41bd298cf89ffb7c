import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, type RetryMessage, subscribe } from "../../src/observe/channels.ts";

const message: RetryMessage = { server: 1, method: "sendMessage", attempt: 1, cause: "refused", wait: 1000 };

test("a subscriber gets messages until it unsubscribes", () => {
  const received: RetryMessage[] = [];
  const unsubscribe = subscribe("asgigram:retry", (message) => received.push(message));
  assert(channels.retry.hasSubscribers);
  channels.retry.publish(message);
  assert.deepEqual(received, [message]);
  unsubscribe();
  assert(!channels.retry.hasSubscribers);
  channels.retry.publish(message);
  assert.equal(received.length, 1);
});

test("a channel may have several subscribers", () => {
  let received = 0;
  const unsubscribe = [1, 2].map(() => subscribe("asgigram:retry", () => received++));
  channels.retry.publish(message);
  unsubscribe[0]!();
  channels.retry.publish(message);
  unsubscribe[1]!();
  assert.equal(received, 3);
});
