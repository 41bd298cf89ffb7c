import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Messages, subscribe } from "../../src/observe/channels.ts";
import { Teller } from "../../src/observe/diagnostics.ts";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";

const tell = new Teller(7);
const event = () => ({ seq: 3, update_id: 30, kind: "message", scope: "chat:5", received_at: Date.now(), attempts: 2 });
const FIELDS = { server: 7, seq: 3, update_id: 30, kind: "message", scope: "chat:5" };

/** What is told on a channel, with its times checked and left out. */
function listenTo<Name extends keyof Messages>(t: TestContext, name: Name): object[] {
  const heard: object[] = [];
  const unsubscribe = subscribe(name, (message) => {
    const { duration = 0, wait = 0, ...rest } = message as { duration?: number; wait?: number };
    assert(duration >= 0 && wait >= 0);
    heard.push(rest);
  });
  t.after(unsubscribe);
  return heard;
}

test("an event's way: received, delivered, settled", (t) => {
  const names = ["asgigram:update", "asgigram:delivery", "asgigram:settled"] as const;
  const [updates, deliveries, ends] = names.map((name) => listenTo(t, name));
  const own = event();
  tell.received(own);
  tell.posted(1, own);
  tell.settled(1, [3, 4], (seq) => (seq === 3 ? own : undefined));
  assert.deepEqual(updates, [FIELDS]);
  assert.deepEqual(deliveries, [{ ...FIELDS, worker: 1, attempt: 2 }]);
  assert.deepEqual(ends, [{ ...FIELDS, worker: 1, attempt: 2, outcome: "settled" }]);
});

test("one that ends badly is a dead letter as well", (t) => {
  const ends = listenTo(t, "asgigram:settled");
  const letters = listenTo(t, "asgigram:dead-letter");
  tell.failed(0, event(), "Error: no");
  tell.condemned(0, event());
  tell.buried(undefined, "unreadable");
  const end = { ...FIELDS, worker: 0, attempt: 2 };
  assert.deepEqual(ends, [
    { ...end, outcome: "failed", error: "Error: no" },
    { ...end, outcome: "condemned" },
  ]);
  assert.deepEqual(letters, [
    { server: 7, update_id: 30, cause: "failed" },
    { server: 7, update_id: 30, cause: "condemned" },
    { server: 7, update_id: undefined, cause: "unreadable" },
  ]);
});

test("how long a call took, for which event, and what is known of it", (t) => {
  const heard = listenTo(t, "asgigram:send");
  const call = { method: "sendMessage", lane: "5", body: "{}" };
  const errors = [
    new TelegramError("sendMessage", 403, "Forbidden"),
    new TelegramError("sendMessage", 502, "Bad Gateway"),
    new NetworkError("sendMessage", "unknown", "ECONNRESET"),
    new NetworkError("sendMessage", "none", "ECONNREFUSED"),
    new FileError("sendMessage", "photo", "it is too large"),
    new Error("a defect"),
  ];
  for (const error of [undefined, ...errors]) tell.sending(1, call, event())!(error);
  tell.sending(1, { ...call, lane: undefined }, undefined)!();
  const told = { server: 7, worker: 1, method: "sendMessage", lane: "5", seq: 3, scope: "chat:5" };
  assert.deepEqual(heard, [
    { ...told, outcome: "ok" },
    ...["refused", "unknown", "unknown", "unsent", "unsent", "unknown"].map((outcome, i) => ({
      ...told,
      outcome,
      error: errors[i],
    })),
    { ...told, outcome: "ok", lane: undefined, seq: undefined, scope: undefined },
  ]);
});

test("polls, repeated calls and workers", (t) => {
  const names = ["asgigram:poll", "asgigram:retry", "asgigram:worker"] as const;
  const [polls, retries, workers] = names.map((name) => listenTo(t, name));
  const error = new Error("no");
  tell.polled(2, 5);
  tell.polled(0, 5);
  tell.polled(0, 5, error);
  tell.retrying("sendMessage", 1, "refused", 1000);
  tell.worker(0, "ready");
  tell.worker(0, "gone", { error, cause: "crash" });
  assert.deepEqual(polls, [
    { server: 7, outcome: "updates", updates: 2 },
    { server: 7, outcome: "empty", updates: 0 },
    { server: 7, outcome: "failed", updates: 0, error },
  ]);
  assert.deepEqual(retries, [{ server: 7, method: "sendMessage", attempt: 1, cause: "refused" }]);
  assert.deepEqual(workers, [
    { server: 7, worker: 0, state: "ready" },
    { server: 7, worker: 0, state: "gone", error, cause: "crash" },
  ]);
});

test("where nobody listens nothing is looked up, and calls are not followed", () => {
  const never = () => assert.fail();
  tell.settled(0, [1], never);
  assert.equal(tell.sending(0, { method: "getMe", lane: undefined, body: "{}" }, undefined), undefined);
  const own: ReturnType<typeof event> & { postedAt?: number } = event();
  tell.posted(0, own);
  assert.equal(own.postedAt, undefined);
});
