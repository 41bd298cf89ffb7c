import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateTrace } from "../../../simulator/inspector/inspector.ts";
import type { NumberedCall } from "../../../simulator/inspector/snapshot.ts";
import { outcomeOfCall, outcomeOfUpdate, wordsOfCall, wordsOfUpdate } from "../../../simulator/page/outcomes.ts";

const trace = (...names: string[]) => ({ steps: names.map((name) => ({ name, at: 0 })) }) as unknown as UpdateTrace;
const call = (more: object) => ({ parameters: {}, ...more }) as unknown as NumberedCall;

test("an update is done when the server has settled it, or without one when it is confirmed", () => {
  assert.equal(outcomeOfUpdate(trace("pushed")), "open");
  assert.equal(outcomeOfUpdate(trace("pushed", "confirmed")), "done");
  assert.equal(outcomeOfUpdate(trace("pushed", "received", "confirmed")), "open");
  assert.equal(outcomeOfUpdate(trace("pushed", "received", "confirmed", "settled")), "done");
  assert.equal(outcomeOfUpdate(trace("pushed", "received", "dead letter", "failed")), "failed");
});

test("a call is done by its answer", () => {
  assert.equal(outcomeOfCall(call({})), "open");
  assert.equal(outcomeOfCall(call({ status: 200 })), "done");
  assert.equal(outcomeOfCall(call({ status: 429, error: "Too Many Requests" })), "failed");
});

test("an update is shown by its user and text, a call by its chat and text", () => {
  const from = { id: 7, first_name: "Ann" };
  const update = { kind: "callback_query", update: { update_id: 1, callback_query: { from, data: "yes" } } };
  assert.equal(wordsOfUpdate(update as unknown as UpdateTrace), "Ann: yes");
  assert.equal(wordsOfUpdate({ kind: "poll", update: { poll: {} } } as unknown as UpdateTrace), "");
  assert.equal(wordsOfCall(call({ parameters: { chat_id: 7, text: "hi" } })), "7: hi");
  assert.equal(wordsOfCall(call({})), "");
});
