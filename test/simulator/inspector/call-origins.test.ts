import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallReport } from "../../../simulator/inspector/bot-server.ts";
import { CallOrigins } from "../../../simulator/inspector/call-origins.ts";
import { CallLog, type RecordedCall } from "../../../simulator/state/call-log.ts";

function logged() {
  const log = new CallLog(100);
  const origins = new CallOrigins(log);
  origins.turn(true);
  /** @param to a chat, or an inline message */
  const call = (method: string, to: number | string, status?: number) => {
    const parameters = typeof to === "number" ? { chat_id: to } : { inline_message_id: to };
    const made: RecordedCall = { method, parameters, time: 0 };
    log.begin(made);
    if (status !== undefined) log.end(made, status);
    return made;
  };
  return { log, origins, call };
}

const report = (more: Partial<CallReport> = {}): CallReport => {
  return {
    type: "call",
    method: "sendMessage",
    lane: "7",
    update_id: 3,
    worker: 1,
    outcome: "ok",
    duration: 70,
    ...more,
  };
};

test("a report claims the calls that were made again, up to the one that succeeded", () => {
  const { origins, call } = logged();
  const made = [call("sendMessage", 7, 429), call("sendmessage", 7, 502), call("sendMessage", 7, 200)];
  const next = call("sendMessage", 7, 200);
  assert.deepEqual(origins.claim(report()), made);
  assert.deepEqual(
    made.map((one) => origins.of(one)),
    [
      { update_id: 3, worker: 1, attempt: 1 },
      { update_id: 3, worker: 1, attempt: 2 },
      { update_id: 3, worker: 1, attempt: 3, whole: 70 },
    ],
  );
  assert.equal(origins.of(next), undefined);
  assert.deepEqual(origins.claim(report({ update_id: 4 })), [next]);
});

test("a refusal claims calls up to the final answer, and leaves the open ones", () => {
  const { origins, call } = logged();
  const refused = call("sendMessage", 7, 403);
  call("sendMessage", 7);
  assert.deepEqual(origins.claim(report({ outcome: "refused" })), [refused]);
  assert.deepEqual(origins.claim(report({ outcome: "unknown" })), []);
});

test("calls to other chats and of other methods are not claimed; a lane may name more than the chat", () => {
  const { origins, call } = logged();
  call("sendMessage", 8, 200);
  call("sendPhoto", 7, 200);
  const business = call("sendMessage", 7, 200);
  assert.deepEqual(origins.claim(report({ lane: "7/abc" })), [business]);
  call("editMessageText", "y", 200);
  const inline = call("editMessageText", "x", 200);
  assert.deepEqual(origins.claim(report({ method: "editMessageText", lane: "inline:x" })), [inline]);
});

test("calls of a server that is gone are forgotten", () => {
  const { origins, call } = logged();
  call("sendMessage", 7, 200);
  origins.forget();
  assert.deepEqual(origins.claim(report()), []);
  origins.turn(false);
  call("sendMessage", 7, 200);
  assert.deepEqual(origins.claim(report()), []);
});
