import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { InvalidEventError } from "../../src/protocol/errors.ts";
import { encode } from "../../workers/encode.ts";
import { sendOptionsIn } from "../../workers/send-options.ts";
import { Streams } from "../../workers/streams.ts";

const callOf = (asgigram?: unknown) => {
  const event = { type: "telegram.edit_message_text", chat_id: 42, message_id: 7, text: "x", asgigram };
  return encode(event, { chat_id: undefined, business_connection_id: undefined }, { streams: new Streams() });
};

suite("bulk", () => {
  for (const bulk of [true, false]) {
    test(`a call that is marked bulk: ${bulk} says so, and Telegram does not get the mark`, () => {
      assert.equal(callOf({ bulk }).bulk, bulk);
      assert.equal(callOf({ bulk }).body, callOf().body);
    });
  }

  test("a call that is not marked leaves it to the server", () => {
    for (const options of [undefined, {}, { bulk: undefined }, { coalesce: true }]) {
      assert.equal("bulk" in callOf(options), false);
    }
  });

  test("an edit may be both bulk and coalesced", () => {
    const { bulk, coalesce } = callOf({ bulk: true, coalesce: true });
    assert.deepEqual([bulk, typeof coalesce], [true, "string"]);
  });
});

suite("wrong options", () => {
  const refusals: [asgigram: unknown, key: string, message: string][] = [
    [true, "asgigram", '"asgigram" must be an object such as { coalesce: true }, not a boolean'],
    [{ merge: 1 }, "asgigram.merge", '"asgigram.merge" is no option of asgigram; there are "coalesce" and "bulk"'],
    [{ coalesce: 1 }, "asgigram.coalesce", '"asgigram.coalesce" must be true or false, not a number'],
    [{ bulk: "yes" }, "asgigram.bulk", '"asgigram.bulk" must be true or false, not the string "yes"'],
  ];
  for (const [asgigram, key, message] of refusals) {
    test(`${JSON.stringify(asgigram)} is refused`, () => {
      assert.throws(() => sendOptionsIn(asgigram), { name: InvalidEventError.name, key, message });
      assert.throws(() => callOf(asgigram), { message });
    });
  }
});
