import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ledger } from "./ledger.ts";
import type { Answer, Deed } from "./words.ts";

const CHAT = 7;

/** A ledger of one chat with these orders, numbered from 1, as updates 101, 102, … */
function ledgerOf(...deeds: Deed[]): Ledger {
  const ledger = new Ledger();
  for (const deed of deeds) {
    const order = ledger.order(CHAT, deed);
    ledger.pushed(100 + order.number, CHAT, order);
  }
  return ledger;
}

const answer = (number: number, rest: Partial<Answer> = {}): Answer => ({
  number,
  part: 1,
  parts: 1,
  repeat: 0,
  ...rest,
});

function faultsAfter(ledger: Ledger, ...answers: Answer[]): readonly string[] {
  for (const each of answers) ledger.heard(CHAT, each);
  return ledger.faults;
}

describe("the ledger accepts", () => {
  test("the ledger finds nothing wrong with answers in order, except those to deadly orders", () => {
    const ledger = ledgerOf("work", "fail", "poison-exit", "work");
    assert.deepEqual(faultsAfter(ledger, answer(1), answer(4)), []);
    ledger.buried([103, 102]);
    ledger.close();
    assert.deepEqual(ledger.faults, []);
    assert.deepEqual([ledger.ordered, ledger.answered, ledger.duplicates], [2, 2, 0]);
  });

  test("the ledger finds nothing wrong with an answer that comes again, if the application was told that it may", () => {
    const ledger = ledgerOf("twice", "work");
    const parts = [1, 2].map((part) => answer(1, { part, parts: 2 }));
    assert.deepEqual(faultsAfter(ledger, ...parts, ...parts, answer(2)), []);
    assert.equal(ledger.duplicates, 2);
    ledger.uncertain(["7 1 1 2 0", "7 1 2 2 0", ""]);
    assert.deepEqual(ledger.faults, []);
  });

  test("the ledger finds nothing wrong with an answer that the application repeats", () => {
    const ledger = ledgerOf("work");
    assert.deepEqual(faultsAfter(ledger, answer(1), answer(1, { repeat: 1 }), answer(1, { repeat: 3 })), []);
    assert.equal(ledger.repeats, 2);
  });
});

describe("the ledger finds", () => {
  const three = () => ledgerOf("work", "work", "work");
  const cases: [string, Ledger, Answer[], RegExp][] = [
    ["a loss", three(), [answer(1), answer(3)], /no answer to 2 \(update 102\)/],
    ["an answer out of order", three(), [answer(1), answer(2), answer(1)], /out of order/],
    ["an answer to what must die", ledgerOf("poison-exit"), [answer(1)], /it should have died/],
    ["an answer to nothing", three(), [answer(4)], /no such order/],
    ["half an answer", ledgerOf("twice", "work"), [answer(1, { parts: 2 }), answer(2)], /only a part/],
    ["the other half of it", ledgerOf("twice", "work"), [answer(1, { part: 2, parts: 2 })], /beginning is missing/],
  ];
  for (const [what, ledger, answers, fault] of cases) {
    test(`the ledger finds ${what}`, () => {
      assert.equal(faultsAfter(ledger, ...answers).length, 1);
      assert.match(ledger.faults[0]!, fault);
    });
  }

  test("the ledger finds answers that came again more often than the application was told", () => {
    const ledger = three();
    assert.deepEqual(faultsAfter(ledger, answer(1), answer(1), answer(1), answer(2), answer(2)), []);
    ledger.uncertain(["7 1 1 1 0", "8 2 1 1 0"]);
    assert.deepEqual(ledger.faults, [
      "sent twice, and not uncertain: 7 1 1 1 0",
      "sent twice, and not uncertain: 7 2 1 1 0",
    ]);
  });

  test("the ledger finds retried orders without an answer, but not that theirs come late", () => {
    const ledger = three();
    assert.equal(faultsAfter(ledger, answer(3)).length, 1);
    ledger.retried([101]);
    assert.equal(ledger.faults.length, 1);
    ledger.retried([102]);
    assert.deepEqual(ledger.faults, []);
    assert.deepEqual(faultsAfter(ledger, answer(1)), []);
    assert.equal(ledger.answered, 2);
    ledger.close();
    assert.deepEqual(ledger.faults, ["chat 7: no answer to 2, although retried"]);
    assert.match(faultsAfter(ledger, answer(1)).at(-1)!, /out of order, or twice/);
  });

  test("the ledger finds orders without an answer at the end", () => {
    const ledger = three();
    ledger.heard(CHAT, answer(1));
    ledger.close();
    assert.match(ledger.faults[0]!, /no answer to 2 \(update 102\), 3 \(update 103\)/);
  });

  test("the ledger finds dead letters of harmless orders, missing ones, and two of one update", () => {
    const ledger = ledgerOf("work", "fail", "fail");
    ledger.buried([101, 102, 102]);
    assert.equal(ledger.faults.length, 3);
    assert.match(ledger.faults.join("\n"), /101 .*lived\n.*103 .*should be a dead letter\n.*the same update/);
  });
});
