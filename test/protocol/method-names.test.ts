import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { methodOf, typeOf } from "../../src/protocol/method-names.ts";
import { METHODS } from "../../src/protocol/method-table.ts";

const methods = Object.keys(METHODS);

test('the type of a method\'s event is "telegram." and the method in snake case', () => {
  assert.equal(typeOf("sendMessage"), "telegram.send_message");
  assert.equal(typeOf("close"), "telegram.close");
  assert.equal(typeOf("getMyDefaultAdministratorRights"), "telegram.get_my_default_administrator_rights");
});

test("methods of the Bot API and event types map one to one", () => {
  for (const method of methods) assert.equal(methodOf(typeOf(method)), method);
  assert.equal(new Set(methods.map(typeOf)).size, methods.length);
});

test("a type maps to a method and back, also for unknown methods", () => {
  const word = fc.stringMatching(/^[a-z]+$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const type = `telegram.${words.join("_")}`;
      const method = methodOf(type)!;
      assert.match(method, /^[a-z][a-zA-Z]*$/);
      assert.equal(typeOf(method), type);
    }),
  );
});

test('a type that is not "telegram." and snake case names no method', () => {
  const none = ["", "telegram.", "telegram", "send_message", "telegram.sendMessage", "telegram.send__message"];
  const neither = [
    "telegram.send_message ",
    "telegram._send",
    "telegram.send_",
    "Telegram.send",
    "telegram.a.b",
    "x\ny",
  ];
  for (const type of [...none, ...neither]) assert.equal(methodOf(type), undefined, type);
});

test("method names hold only letters, so no type can leave the Bot API's path", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `telegram.${text}`),
      ),
      (type) => {
        assert.match(methodOf(type) ?? "a", /^[a-zA-Z]+$/);
      },
    ),
  );
});
