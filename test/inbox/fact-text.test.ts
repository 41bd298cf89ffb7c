import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Fact, factsIn, textOf } from "../../src/inbox/fact-text.ts";

const called: Fact = {
  type: "called",
  seqs: [1, 2],
  call: { id: 7, method: "sendMessage", lane: "42", body: '{"chat_id":42,"text":"c1,2\\n"}' },
};
const answered: Fact = { type: "answered", seqs: [1, 2], id: 7, answer: '{"ok":true,\n"result":{}}' };

const PLAIN = { noNullPrototype: true };

describe("facts as text", () => {
  test("a call and its answer stand there as they are", () => {
    assert.equal(textOf(called), 'c7,2,11,30,1,2\n42sendMessage{"chat_id":42,"text":"c1,2\\n"}');
    assert.equal(textOf(answered), 'a7,24,1,2\n{"ok":true,\n"result":{}}');
  });

  test("a call without a lane is not one with an empty lane", () => {
    const without: Fact = { ...called, call: { ...called.call, lane: undefined } };
    const empty: Fact = { ...called, call: { ...called.call, lane: "" } };
    assert.deepEqual(factsIn(textOf(without) + textOf(empty)), [without, empty]);
  });

  test("a ledger of an older version has them as one JSON array", () => {
    assert.deepEqual(factsIn(JSON.stringify([called, answered])), [called, answered]);
  });

  test("any facts, one behind the other, are the same when they are read", () => {
    const seqs = fc.array(fc.maxSafeNat(), { minLength: 1 });
    const text = fc.string({ unit: "grapheme", maxLength: 50 });
    const some = fc.option(text, { nil: undefined });
    const call = fc.record({ id: fc.maxSafeNat(), method: text, lane: some, body: text }, PLAIN);
    const fact: fc.Arbitrary<Fact> = fc.oneof(
      fc.record({ type: fc.constant("called" as const), seqs, call }, PLAIN),
      fc.record({ type: fc.constant("answered" as const), seqs, id: fc.maxSafeNat(), answer: text }, PLAIN),
      fc.record({ type: fc.constant("dropped" as const), seqs, id: fc.maxSafeNat() }, PLAIN),
      fc.record({ type: fc.constant("saved" as const), seqs, json: text }, PLAIN),
      fc.record(
        {
          type: fc.constant("stored" as const),
          key: text,
          json: text,
          seq: fc.nat(),
          line: text,
          at: fc.nat(),
        },
        PLAIN,
      ),
    );
    fc.assert(
      fc.property(fc.array(fact), (facts) => {
        assert.deepEqual(factsIn(facts.map(textOf).join("")), facts);
      }),
    );
  });
});
