import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Messages, subscribe } from "../../src/observe/channels.ts";
import { Diagnostics } from "../../src/observe/diagnostics.ts";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { ReceivedEvent } from "../../src/protocol/received-event.ts";

const diagnostics = new Diagnostics(7);
const newEvent = (): ReceivedEvent => ({
  seq: 3,
  update_id: 30,
  kind: "message",
  scope: "chat:5",
  received_at: Date.now(),
  attempts: 2,
});
const FIELDS = { server: 7, seq: 3, update_id: 30, kind: "message", scope: "chat:5" };

/** The messages on a channel. Their times are checked and left out. */
function listenTo<Name extends keyof Messages>(t: TestContext, name: Name): object[] {
  const messages: object[] = [];
  const unsubscribe = subscribe(name, (message) => {
    const { duration = 0, wait = 0, ...rest } = message as { duration?: number; wait?: number };
    assert(duration >= 0 && wait >= 0);
    messages.push(rest);
  });
  t.after(unsubscribe);
  return messages;
}

test("an event is received, posted and settled", (t) => {
  const names = ["asgigram:received", "asgigram:posted", "asgigram:settled"] as const;
  const [received, posted, settled] = names.map((name) => listenTo(t, name));
  assert(diagnostics.hasSettledSubscribers);
  const event = newEvent();
  diagnostics.received(event);
  diagnostics.posted(1, event);
  diagnostics.settled(1, event);
  assert.deepEqual(received, [FIELDS]);
  assert.deepEqual(posted, [{ ...FIELDS, worker: 1, attempt: 2 }]);
  assert.deepEqual(settled, [{ ...FIELDS, worker: 1, attempt: 2, outcome: "settled" }]);
});

test("an event that fails or is given up is a dead letter as well", (t) => {
  const settled = listenTo(t, "asgigram:settled");
  const deadLetters = listenTo(t, "asgigram:dead-letter");
  diagnostics.failed(0, newEvent(), "Error: no");
  diagnostics.deadLettered(30, "worker_died", { worker: 0, event: newEvent() });
  const attempt = { ...FIELDS, worker: 0, attempt: 2 };
  assert.deepEqual(settled, [
    { ...attempt, outcome: "failed", error: "Error: no" },
    { ...attempt, outcome: "dead_lettered" },
  ]);
  assert.deepEqual(deadLetters, [
    { server: 7, update_id: 30, cause: "failed" },
    { server: 7, update_id: 30, cause: "worker_died" },
  ]);
});

test("a dead letter that no worker had in this process settles no event", (t) => {
  const settled = listenTo(t, "asgigram:settled");
  const deadLetters = listenTo(t, "asgigram:dead-letter");
  diagnostics.deadLettered(undefined, "unreadable");
  diagnostics.deadLettered(30, "worker_died");
  assert.deepEqual(settled, []);
  assert.deepEqual(deadLetters, [
    { server: 7, update_id: undefined, cause: "unreadable" },
    { server: 7, update_id: 30, cause: "worker_died" },
  ]);
});

test("a call has its event, its outcome and its error", (t) => {
  const sends = listenTo(t, "asgigram:send");
  const call = { method: "sendMessage", lane: "5", body: "{}" };
  const errors = [
    new TelegramError("sendMessage", 403, "Forbidden"),
    new TelegramError("sendMessage", 502, "Bad Gateway"),
    new NetworkError("sendMessage", "unknown", "ECONNRESET"),
    new NetworkError("sendMessage", "none", "ECONNREFUSED"),
    new FileError("sendMessage", "photo", "it is too large"),
    new Error("a defect"),
  ];
  for (const error of [undefined, ...errors]) diagnostics.sending(1, call, newEvent())!(error);
  diagnostics.sending(1, { ...call, lane: undefined }, undefined)!();
  const send = { server: 7, worker: 1, method: "sendMessage", lane: "5", seq: 3, scope: "chat:5" };
  assert.deepEqual(sends, [
    { ...send, outcome: "ok" },
    ...["refused", "unknown", "unknown", "unsent", "unsent", "unknown"].map((outcome, i) => ({
      ...send,
      outcome,
      error: errors[i],
    })),
    { ...send, outcome: "ok", lane: undefined, seq: undefined, scope: undefined },
  ]);
});

test("a poll has its outcome", (t) => {
  const polls = listenTo(t, "asgigram:poll");
  const error = new Error("no");
  diagnostics.polled(2, 5);
  diagnostics.polled(0, 5);
  diagnostics.polled(0, 5, error);
  assert.deepEqual(polls, [
    { server: 7, outcome: "updates", updates: 2 },
    { server: 7, outcome: "empty", updates: 0 },
    { server: 7, outcome: "failed", updates: 0, error },
  ]);
});

test("a retry has its cause", (t) => {
  const retries = listenTo(t, "asgigram:retry");
  diagnostics.retrying("sendMessage", 1, "refused", 1000);
  assert.deepEqual(retries, [{ server: 7, method: "sendMessage", attempt: 1, cause: "refused" }]);
});

test("a worker has its state, with the cause of its death or replacement", (t) => {
  const workers = listenTo(t, "asgigram:worker");
  const error = new Error("no");
  diagnostics.workerReady(0);
  diagnostics.workerStalled(0);
  diagnostics.workerDied(0, "stall", error);
  diagnostics.workerReplaced(1, "reload");
  assert.deepEqual(workers, [
    { server: 7, worker: 0, state: "ready" },
    { server: 7, worker: 0, state: "stalled" },
    { server: 7, worker: 0, state: "died", cause: "stall", error },
    { server: 7, worker: 1, state: "replaced", cause: "reload" },
  ]);
});

test("without subscribers events keep no time, and calls are not followed", () => {
  assert.equal(diagnostics.hasSettledSubscribers, false);
  assert.equal(diagnostics.sending(0, { method: "getMe", lane: undefined, body: "{}" }, undefined), undefined);
  const event = newEvent();
  diagnostics.posted(0, event);
  assert.equal(event.postedAt, undefined);
});
