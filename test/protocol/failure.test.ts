import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { callErrorOf, failureOf } from "../../src/protocol/failure.ts";

/** As from one thread to another. */
const carried = (error: unknown, method: string) => callErrorOf(structuredClone(failureOf(error, method)));

test("a file at fault is the same error on the other side", () => {
  const error = new FileError("sendPhoto", "media[0].media", "the stream failed");
  const arrived = carried(error, "sendPhoto");
  assert.ok(arrived instanceof FileError);
  assert.deepEqual([{ ...arrived }, arrived.message], [{ ...error }, error.message]);
});

test("a refusal by Telegram is the same error on the other side", () => {
  const parameters = fc.record(
    { migrate_to_chat_id: fc.integer(), retry_after: fc.nat() },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.integer({ min: 400, max: 599 }), fc.string(), parameters, (code, description, parameters) => {
      const error = new TelegramError("sendMessage", code, description, parameters);
      const arrived = carried(error, "sendMessage");
      assert.ok(arrived instanceof TelegramError);
      assert.deepEqual({ ...arrived }, { ...error });
      assert.equal(arrived.message, error.message);
    }),
  );
});

test("a call without an answer is the same error on the other side", () => {
  for (const delivery of ["none", "unknown"] as const) {
    const error = new NetworkError("getChat", delivery, "ECONNRESET");
    const arrived = carried(error, "getChat");
    assert.ok(arrived instanceof NetworkError);
    assert.deepEqual({ ...arrived }, { ...error });
    assert.equal(arrived.message, error.message);
  }
});

test("any other error is a call of which nothing is known", () => {
  const arrived = carried(new TypeError("the main thread stumbled"), "sendMessage");
  assert.ok(arrived instanceof NetworkError);
  assert.equal(arrived.delivery, "unknown");
  assert.equal(arrived.method, "sendMessage");
  assert.match(arrived.message, /the main thread stumbled/);
});

test("a hint is added to what Telegram said", () => {
  const failure = failureOf(new TelegramError("sendMesage", 404, "Not Found"), "sendMesage");
  assert.equal(callErrorOf(failure, " (did you mean …?)").message, "sendMesage: 404 Not Found (did you mean …?)");
});
