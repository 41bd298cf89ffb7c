import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { localTime } from "../../../src/cli/inbox/dead-letter-view.ts";
import { widthOf } from "../../../src/cli/inbox/printable.ts";
import { tableOf } from "../../../src/cli/inbox/table.ts";
import { anyText } from "../../any-text.ts";
import { letter } from "./letters.ts";

test("the table has a head and a line for each dead letter, the first line of the reason cut to fit", () => {
  const letters = [
    letter({ id: 3, line: "chat:-1001234567890" }),
    letter({ id: 12, attempts: 3, reason: "its worker died 3 times while it handled this event" }),
    letter({ id: 13, update_id: null, update: [1], attempts: 0, reason: "\n\u001b[31mit has no update_id" }),
  ];
  const died = localTime(letters[0]!.died_at).slice(0, 16);
  assert.equal(
    tableOf(letters, 80),
    `ID  DIED              SCOPE                TRIES  REASON
3   ${died}  chat:-1001234567890  1      Error: no luck
12  ${died}  chat:7               3      its worker died 3 times while…
13  ${died}  none                 0      it has no update_id`,
  );
});

test("a long scope leaves room for the reason", () => {
  const line = `chat:5/business:${"x".repeat(300)}`;
  assert.match(tableOf([letter({ line })], 80), /chat:5\/business:xx… {2}1 {6}Error: no luck$/);
});

test("any dead letter is one line that fits", () => {
  const wild = fc.record({
    id: fc.nat(),
    attempts: fc.nat(1000),
    reason: anyText({ maxLength: 200 }),
    update: fc.oneof(fc.jsonValue(), fc.dictionary(anyText(), fc.jsonValue())),
  });
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 5 }), fc.integer({ min: 20, max: 200 }), (facts, columns) => {
      const lines = tableOf(facts.map(letter), columns).split("\n");
      assert.equal(lines.length, facts.length + 1);
      for (const line of lines) {
        assert(widthOf(line) <= columns, line);
        assert.doesNotMatch(line, /\p{Cc}/u);
      }
    }),
  );
});
