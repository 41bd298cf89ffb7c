import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { Calls } from "../../workers/calls.ts";

function callsTo() {
  const posted: ToMain[] = [];
  const caller = { streams: {} as never, resumed: 0, resume: () => void caller.resumed++ };
  const calls = new Calls({ push: (item: ToMain) => posted.push(item) } as never);
  const make = (method = "sendMessage") => calls.make({ method, lane: "1", body: "{}" }, 7, caller);
  return { calls, posted, make, caller };
}

test("a call goes to the main thread under a number of its own", () => {
  const { posted, make } = callsTo();
  void make();
  void make("getMe");
  assert.deepEqual(posted, [
    { type: "call", id: 1, call: { method: "sendMessage", lane: "1", body: "{}" }, from: 7 },
    { type: "call", id: 2, call: { method: "getMe", lane: "1", body: "{}" }, from: 7 },
  ]);
});

test("answers find their calls, whatever the order they come in", async () => {
  const { calls, make } = callsTo();
  const [first, second] = [make(), make()];
  calls.succeeded(2, '{"ok":true,"result":{"message_id":2}}');
  calls.succeeded(1, '{"ok":true,"result":true}');
  assert.deepEqual(await Promise.all([first, second]), [true, { message_id: 2 }]);
});

suite("a call that fails", () => {
  test("rejects with what Telegram said", async () => {
    const { calls, make } = callsTo();
    const sent = make();
    const parameters = { retry_after: 3 };
    calls.failed(1, { name: "TelegramError", method: "sendMessage", error_code: 429, description: "Slow", parameters });
    await assert.rejects(sent, (error: Error) => {
      assert.ok(error instanceof TelegramError);
      assert.equal(error.message, "sendMessage: 429 Slow");
      assert.deepEqual(error.parameters, parameters);
      return true;
    });
  });

  test("rejects with what is known of a call without an answer", async () => {
    const { calls, make } = callsTo();
    const sent = make();
    calls.failed(1, { name: "NetworkError", method: "sendMessage", delivery: "none", reason: "ECONNREFUSED" });
    await assert.rejects(sent, (error: Error) => error instanceof NetworkError && error.delivery === "none");
  });

  test("rejects with a hint where it names no method, and without one where Telegram means something else", async () => {
    const failure = { name: "TelegramError", error_code: 404, description: "Not Found", parameters: {} } as const;
    const { calls, make } = callsTo();
    const [misspelt, correct] = [make("sendMesage"), make("sendMessage")];
    calls.failed(1, { ...failure, method: "sendMesage" });
    calls.failed(2, { ...failure, method: "sendMessage" });
    await assert.rejects(misspelt, /404 Not Found \(.*did you mean telegram\.send_message\?\)$/);
    await assert.rejects(correct, /404 Not Found$/);
  });

  test("rejects where the answer cannot be read: it may have been carried out", async () => {
    for (const body of ["<html>", "", "null", '{"ok":tr']) {
      const { calls, make } = callsTo();
      const sent = make();
      calls.succeeded(1, body);
      await assert.rejects(sent, (error: Error) => {
        assert.ok(error instanceof NetworkError);
        assert.equal(error.delivery, "unknown");
        assert.ok(error.cause instanceof Error);
        return true;
      });
    }
  });
});

test("an answer to no call, or the second one to a call, is nothing", async () => {
  const { calls, make } = callsTo();
  const sent = make();
  calls.succeeded(1, '{"ok":true,"result":1}');
  calls.succeeded(1, '{"ok":true,"result":2}');
  calls.succeeded(7, "<html>");
  calls.failed(7, { name: "NetworkError", method: "x", delivery: "none", reason: "x" });
  assert.equal(await sent, 1);
});

test("a caller is told right before its code goes on, once, however the call ended", async () => {
  const { calls, make, caller } = callsTo();
  for (const [i, end] of [
    () => calls.succeeded(1, '{"ok":true,"result":1}'),
    () => calls.succeeded(2, "<html>"),
    () => calls.downloaded(3, { path: "/x" }),
    () => calls.failed(4, { name: "NetworkError", method: "x", delivery: "none", reason: "x" }),
  ].entries()) {
    const over = make().then(
      () => caller.resumed,
      () => caller.resumed,
    );
    end();
    end();
    assert.equal(await over, i + 1);
  }
});
