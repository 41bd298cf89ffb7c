import assert from "node:assert/strict";
import { test } from "node:test";
import { isRepeatable } from "../../src/protocol/repeatable.ts";

test("methods that read, and those that set, edit, delete or answer, are repeatable; others are not", () => {
  for (const method of [
    "getMe",
    "setChatTitle",
    "editMessageText",
    "deleteMessage",
    "answerInlineQuery",
    "downloadFile",
  ]) {
    assert.equal(isRepeatable(method), true, method);
  }
  for (const method of ["sendMessage", "forwardMessage", "pinChatMessage", "forgetThis"]) {
    assert.equal(isRepeatable(method), false, method);
  }
});
