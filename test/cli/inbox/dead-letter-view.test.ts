import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { lineOf, localTime, pageOf, summaryOf } from "../../../src/cli/inbox/dead-letter-view.ts";
import { letter } from "./letters.ts";

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test("a dead letter has the scope of its event", () => {
  for (const line of ["chat:-1001/member:5", "user:5"]) assert.equal(summaryOf(letter({ line })).scope, line);
});

test("a dead letter without an update or without a payload has no scope", () => {
  for (const update of [null, 3, "x", [1], {}, { update_id: 1 }]) {
    assert.deepEqual(summaryOf(letter({ update })), { update, kind: undefined, scope: undefined });
  }
  const update = { update_id: 1, strange: 3 };
  assert.deepEqual(summaryOf(letter({ update })), { update, kind: "strange", scope: undefined });
});

test("a dead letter whose body is damaged is shown with its text", () => {
  const damaged = { ...letter(), body: '{"update_id":501,\u001b[31m' };
  assert.deepEqual(summaryOf(damaged), { update: undefined, kind: undefined, scope: undefined });
  assert.match(pageOf(damaged), /\nStored text, which is not JSON\n {2}\{"update_id":501,$/);
  assert.equal(JSON.parse(lineOf(damaged)).text, damaged.body);
});

test("the page of a dead letter has everything, the times with their zone", () => {
  process.env.TZ = "Asia/Kolkata";
  const update = { update_id: 501, message: { chat: { id: 7 }, text: "\u001b[31mred" } };
  assert.equal(
    pageOf(letter({ id: 12, attempts: 3, log: "one\n\ntwo\u0007\n", update })),
    `Dead letter 12
  Update    501, message
  Scope     chat:7
  Received  2026-05-01 17:30:00 +05:30
  Died      2026-05-01 18:00:59 +05:30
  Attempts  3

Reason
  Error: no luck
      at application (bot.ts:3:9)

Last output of the worker
  one

  two

Update
  {
    "update_id": 501,
    "message": {
      "chat": {
        "id": 7
      },
      "text": "\\u001b[31mred"
    }
  }`,
  );
});

test("the page of a dead letter without an update says so, and leaves out missing parts", () => {
  const page = pageOf(letter({ update_id: null, update: [1], reason: "it has no update_id" }));
  assert.match(page, /^ {2}Update {4}without an id, of no kind\n {2}Scope {5}none$/m);
  assert.doesNotMatch(page, /Last output of the worker/);
});

test("the line of a dead letter is JSON with the times in UTC", () => {
  assert.deepEqual(JSON.parse(lineOf(letter({ log: "a\nb" }))), {
    id: 1,
    update_id: 501,
    kind: "message",
    scope: "chat:7",
    attempts: 1,
    reason: "Error: no luck\n    at application (bot.ts:3:9)",
    log: "a\nb",
    received_at: "2026-05-01T12:00:00.000Z",
    died_at: "2026-05-01T12:30:59.000Z",
    update: { update_id: 501, message: { message_id: 1, chat: { id: 7, type: "private" }, text: "x" } },
  });
  assert.doesNotMatch(lineOf(letter({ log: "a\nb" })), /\n/);
});

test("local time follows the zone, its half hours and its summers", () => {
  const times = {
    UTC: ["2026-01-01 00:00:00 +00:00", "2026-07-01 00:00:00 +00:00"],
    "America/St_Johns": ["2025-12-31 20:30:00 -03:30", "2026-06-30 21:30:00 -02:30"],
    "Europe/Berlin": ["2026-01-01 01:00:00 +01:00", "2026-07-01 02:00:00 +02:00"],
  };
  for (const [zone, expected] of Object.entries(times)) {
    process.env.TZ = zone;
    assert.deepEqual([Date.UTC(2026, 0), Date.UTC(2026, 6)].map(localTime), expected);
  }
});
