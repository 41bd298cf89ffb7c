import assert from "node:assert/strict";
import { test } from "node:test";
import { dataOfError, errorOfData } from "../../src/protocol/error-data.ts";
import { QueueFullError } from "../../src/protocol/errors.ts";

/** The error as it arrives in another thread. */
const sent = (thrown: unknown) => errorOfData(structuredClone(dataOfError(thrown)));

test("an error keeps its name, message, stack and plain keys, and loses the others", () => {
  class LimitError extends Error {
    override name = "LimitError";
    code = "E_LIMIT";
    limits = [{ most: 3 }, null, 4n];
    helper = () => {};
    at = new Date();
    inner = { deep: new Map() };
  }
  const thrown = new LimitError("too much");
  const error = sent(thrown);
  assert.ok(error instanceof Error);
  assert.equal(`${error}`, "LimitError: too much");
  assert.equal(error.stack, thrown.stack);
  assert.deepEqual({ ...error }, { code: "E_LIMIT", limits: [{ most: 3 }, null, 4n] });
});

test("an error of this package is still one of its class", () => {
  assert.ok(sent(new QueueFullError("full")) instanceof QueueFullError);
});

test("an abort keeps its name, and other values that are thrown their text", () => {
  assert.equal(sent(new DOMException("late", "TimeoutError")).name, "TimeoutError");
  assert.equal(sent("text").message, "text");
  assert.equal(sent(undefined).message, "undefined");
});

test("a value that cannot be shown is an error all the same", () => {
  const hostile = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("no");
    },
  });
  assert.equal(sent(hostile).message, "an error that cannot be shown");
  assert.equal(sent(Object.create(null)).message, "an error that cannot be shown");
});
