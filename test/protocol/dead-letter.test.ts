import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeadLetterHandler, onDeadLetter } from "../../src/protocol/dead-letter.ts";
import { provide, type Services } from "../../src/protocol/services.ts";

test("without a server, and in a heavy thread, onDeadLetter() has no effect", () => {
  onDeadLetter(() => {});
  provide({} as Services);
  onDeadLetter(() => {});
});

test("onDeadLetter() gives the handler to the server", () => {
  const handlers: DeadLetterHandler[] = [];
  provide({ onDeadLetter: (handler: DeadLetterHandler) => void handlers.push(handler) } as unknown as Services);
  const handler = () => {};
  onDeadLetter(handler);
  assert.deepEqual(handlers, [handler]);
});
