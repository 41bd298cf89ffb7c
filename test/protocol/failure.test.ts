import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FileError, NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { callErrorOf, failureOf } from "../../src/protocol/failure.ts";

/** The error as it arrives in another thread. */
const carried = (error: unknown, method: string) => callErrorOf(structuredClone(failureOf(error, method)));

test("a FileError arrives as the same error", () => {
  const error = new FileError("sendPhoto", "media[0].media", "the stream failed");
  const arrived = carried(error, "sendPhoto");
  assert.ok(arrived instanceof FileError);
  assert.deepEqual([{ ...arrived }, arrived.message], [{ ...error }, error.message]);
});

test("a TelegramError arrives as the same error", () => {
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

test("a NetworkError arrives as the same error", () => {
  for (const delivery of ["none", "unknown"] as const) {
    const error = new NetworkError("getChat", delivery, "ECONNRESET");
    const arrived = carried(error, "getChat");
    assert.ok(arrived instanceof NetworkError);
    assert.deepEqual({ ...arrived }, { ...error });
    assert.equal(arrived.message, error.message);
  }
});

test("any other error arrives as a NetworkError of unknown delivery", () => {
  const arrived = carried(new TypeError("the main thread stumbled"), "sendMessage");
  assert.ok(arrived instanceof NetworkError);
  assert.equal(arrived.delivery, "unknown");
  assert.equal(arrived.method, "sendMessage");
  assert.match(arrived.message, /the main thread stumbled/);
});

test("a hint is appended to Telegram's description", () => {
  const failure = failureOf(new TelegramError("sendMesage", 404, "Not Found"), "sendMesage");
  assert.equal(callErrorOf(failure, " (did you mean …?)").message, "sendMesage: 404 Not Found (did you mean …?)");
});
