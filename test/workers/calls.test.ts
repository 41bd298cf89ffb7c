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
  /** The number of a call: of the first, the second, … */
  const id = (nth = 1) => (posted[nth - 1] as ToMain & { type: "call" }).id;
  return { calls, posted, make, caller, id };
}

test("a call goes to the main thread under a number of its own", () => {
  const { posted, make, id } = callsTo();
  void make();
  void make("getMe");
  assert.notEqual(id(1), id(2));
  assert.deepEqual(posted, [
    { type: "call", id: id(), call: { method: "sendMessage", lane: "1", body: "{}" }, from: 7 },
    { type: "call", id: id(2), call: { method: "getMe", lane: "1", body: "{}" }, from: 7 },
  ]);
});

test("answers find their calls, whatever the order they come in", async () => {
  const { calls, make, id } = callsTo();
  const [first, second] = [make(), make()];
  calls.succeeded(id(2), '{"ok":true,"result":{"message_id":2}}');
  calls.succeeded(id(), '{"ok":true,"result":true}');
  assert.deepEqual(await Promise.all([first, second]), [true, { message_id: 2 }]);
});

suite("a call that fails", () => {
  test("rejects with what Telegram said", async () => {
    const { calls, make, id } = callsTo();
    const sent = make();
    const parameters = { retry_after: 3 };
    calls.failed(id(), {
      name: "TelegramError",
      method: "sendMessage",
      error_code: 429,
      description: "Slow",
      parameters,
    });
    await assert.rejects(sent, (error: Error) => {
      assert.ok(error instanceof TelegramError);
      assert.equal(error.message, "sendMessage: 429 Slow");
      assert.deepEqual(error.parameters, parameters);
      return true;
    });
  });

  test("rejects with what is known of a call without an answer", async () => {
    const { calls, make, id } = callsTo();
    const sent = make();
    calls.failed(id(), { name: "NetworkError", method: "sendMessage", delivery: "none", reason: "ECONNREFUSED" });
    await assert.rejects(sent, (error: Error) => error instanceof NetworkError && error.delivery === "none");
  });

  test("rejects with a hint where it names no method, and without one where Telegram means something else", async () => {
    const failure = { name: "TelegramError", error_code: 404, description: "Not Found", parameters: {} } as const;
    const { calls, make, id } = callsTo();
    const [misspelt, correct] = [make("sendMesage"), make("sendMessage")];
    calls.failed(id(), { ...failure, method: "sendMesage" });
    calls.failed(id(2), { ...failure, method: "sendMessage" });
    await assert.rejects(misspelt, /404 Not Found \(.*did you mean telegram\.send_message\?\)$/);
    await assert.rejects(correct, /404 Not Found$/);
  });

  test("rejects where the answer cannot be read: it may have been carried out", async () => {
    for (const body of ["<html>", "", "null", '{"ok":tr']) {
      const { calls, make, id } = callsTo();
      const sent = make();
      calls.succeeded(id(), body);
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
  const { calls, make, id } = callsTo();
  const sent = make();
  calls.succeeded(id(), '{"ok":true,"result":1}');
  calls.succeeded(id(), '{"ok":true,"result":2}');
  calls.succeeded(7, "<html>");
  calls.failed(7, { name: "NetworkError", method: "x", delivery: "none", reason: "x" });
  assert.equal(await sent, 1);
});

test("the second answer to a call is not the answer to a later one", async () => {
  const { calls, make, id } = callsTo();
  for (let i = 0; i < 3; i++) void make();
  calls.succeeded(id(2), '{"ok":true,"result":2}');
  const later = make();
  calls.succeeded(id(2), '{"ok":true,"result":"again"}');
  calls.succeeded(id(4), '{"ok":true,"result":4}');
  assert.equal(await later, 4);
});

test("a caller is told right before its code goes on, once, however the call ended", async () => {
  const { calls, make, caller, id } = callsTo();
  for (const [i, end] of [
    () => calls.succeeded(id(), '{"ok":true,"result":1}'),
    () => calls.succeeded(id(2), "<html>"),
    () => calls.downloaded(id(3), { path: "/x" }),
    () => calls.failed(id(4), { name: "NetworkError", method: "x", delivery: "none", reason: "x" }),
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
