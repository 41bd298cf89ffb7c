// Reports of output, uncaught errors and the thread's exit need a thread: see misbehaving.test.ts. Here is describe().

import assert from "node:assert/strict";
import { test } from "node:test";
import { TelegramError } from "../../src/protocol/errors.ts";
import { describe } from "../../workers/reporter.ts";

test("an error is shown with its stack and its causes", () => {
  const error = new TypeError("no", { cause: new RangeError("too far") });
  const text = describe(error);
  assert.match(text, /^TypeError: no\n {4}at .*reporter\.test\.ts/);
  assert.match(text, /\[cause\]: RangeError: too far/);
});

test("a TelegramError is shown with Telegram's parameters", () => {
  const text = describe(new TelegramError("sendMessage", 429, "Too Many Requests", { retry_after: 3 }));
  assert.match(text, /^TelegramError: sendMessage: 429 Too Many Requests/);
  assert.match(text, /retry_after: 3/);
});

test("a thrown value that is no error is shown with its type", () => {
  assert.equal(describe("no"), "a thrown string: 'no'");
  assert.equal(describe(undefined), "a thrown undefined: undefined");
  assert.equal(describe({ code: 5 }), "a thrown object: { code: 5 }");
});

test("a value that cannot be shown gets a text that says so", () => {
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
