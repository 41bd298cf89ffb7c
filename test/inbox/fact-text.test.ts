import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { factIn, textOf } from "../../src/inbox/fact-text.ts";
import type { JournalFact } from "../../src/protocol/recorded-call.ts";

const call = { id: 1_700_000_000_000_001, method: "sendMessage", lane: "5", body: '{"text":"a"}' };

describe("the text of a fact", () => {
  const facts: JournalFact[] = [
    { type: "called", seqs: [3], call },
    { type: "called", seqs: [3], call: { ...call, lane: undefined } },
    { type: "called", seqs: [3], call: { ...call, lane: "@a\nb", body: '{"text":"ж\u2028"}' } },
    { type: "answered", seqs: [3], id: 9, answer: '{"ok":true,\n"result":{}}' },
    { type: "answered", seqs: [3], id: 9, answer: "" },
    { type: "dropped", seqs: [3], id: 9 },
    { type: "saved", seqs: [3], json: '{"page":7}' },
  ];
  for (const fact of facts) {
    test(`${JSON.stringify(fact)} is read as it was written`, () => assert.deepEqual(factIn(3, textOf(fact)), fact));
  }
});

test("text that is none of a fact is refused", () => {
  for (const text of ["", "unheard-of\n1\n", "\n\n"]) assert.equal(factIn(3, text), undefined);
});
