import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultsIn, Ledger } from "../../bench/ledger.ts";

/** Six updates of two chats, all of them handed out at 10 ms; these were answered, at 20 ms, 21 ms, … */
function ledgerOf(...answers: [number: number, chat: number][]): Ledger {
  const ledger = new Ledger(7, (number) => number % 2);
  ledger.bear(0, 6, 10);
  for (const [i, [number, chat]] of answers.entries()) ledger.answer(number, chat, 20 + i);
  return ledger;
}

const whole: [number, number][] = [
  [1, 1],
  [0, 0],
  [2, 0],
  [4, 0],
  [3, 1],
  [5, 1],
];

describe("a run counts", () => {
  test("if each update is answered once, each chat in order", () => {
    assert.equal(faultsIn(ledgerOf(...whole).verdict(6)), undefined);
  });
});

describe("a run is no result", () => {
  const cases: [string, [number, number][], string][] = [
    ["if an update is not answered", whole.slice(0, -1), "1 lost"],
    ["if one is answered twice", [...whole, [0, 0]], "1 repeated"],
    ["if two of a chat are answered in the wrong order", [[2, 0], [0, 0], ...whole.slice(3), [1, 1]], "2 out of order"],
    ["if one is answered in another chat", [...whole.slice(0, -1), [5, 0]], "1 lost, 1 astray"],
    ["if something is answered that was never handed out", [...whole, [6, 0]], "1 astray"],
    ["if an answer is to nothing known", [...whole, [Number.NaN, 0]], "1 astray"],
  ];
  for (const [what, answers, faults] of cases) {
    test(what, () => assert.equal(faultsIn(ledgerOf(...answers).verdict(6)), faults));
  }
});

test("time runs from the first time that an update came to be, to its first answer", () => {
  const ledger = ledgerOf(...whole, [1, 1]);
  ledger.bear(0, 6, 15);
  const isFirst = (number: number) => number < 2;
  assert.deepEqual([...ledger.latencies(0, 6, isFirst)], [11, 10]);
});
