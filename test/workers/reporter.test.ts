// What a reporter hears of its thread (output, errors that nobody catches, its end) takes a thread of its own: see
// misbehaving.test.ts. Here is how it shows what has been thrown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TelegramError } from "../../src/protocol/errors.ts";
import { describe } from "../../workers/reporter.ts";

test("an error is shown with its place and its causes", () => {
  const error = new TypeError("no", { cause: new RangeError("too far") });
  const text = describe(error);
  assert.match(text, /^TypeError: no\n {4}at .*reporter\.test\.ts/);
  assert.match(text, /\[cause\]: RangeError: too far/);
});

test("an error of the server's is shown with what Telegram said", () => {
  const text = describe(new TelegramError("sendMessage", 429, "Too Many Requests", { retry_after: 3 }));
  assert.match(text, /^TelegramError: sendMessage: 429 Too Many Requests/);
  assert.match(text, /retry_after: 3/);
});

test("what is no error is shown as what it is", () => {
  assert.equal(describe("no"), "a thrown string: 'no'");
  assert.equal(describe(undefined), "a thrown undefined: undefined");
  assert.equal(describe({ code: 5 }), "a thrown object: { code: 5 }");
});

test("what cannot be shown is said to be so", () => {
  const hostile = {
    [Symbol.for("nodejs.util.inspect.custom")]() {
      throw new Error("not me");
    },
  };
  assert.equal(describe(hostile), "an error that cannot be shown");
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.equal(typeof describe(proxy), "string");
});
