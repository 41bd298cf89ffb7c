import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultsIn, Ledger } from "../../bench/ledger.ts";

/** Six updates of two chats, handed out at 10 ms, with these answers at 20 ms, 21 ms, … */
function ledgerOf(...answers: [number: number, chat: number][]): Ledger {
  const ledger = new Ledger(7, (number) => number % 2);
  ledger.created(0, 6, 10);
  for (const [i, [number, chat]] of answers.entries()) ledger.answer(number, chat, 20 + i);
  return ledger;
}

const complete: [number, number][] = [
  [1, 1],
  [0, 0],
  [2, 0],
  [4, 0],
  [3, 1],
  [5, 1],
];

describe("a valid run", () => {
  test("a run counts if each update is answered once, each chat in order", () => {
    assert.equal(faultsIn(ledgerOf(...complete).verdict(6)), undefined);
  });
});

describe("an invalid run", () => {
  const cases: [string, [number, number][], string][] = [
    ["a run with an unanswered update does not count", complete.slice(0, -1), "1 lost"],
    ["a run with an update answered twice does not count", [...complete, [0, 0]], "1 repeated"],
    [
      "a run with a chat answered in the wrong order does not count",
      [[2, 0], [0, 0], ...complete.slice(3), [1, 1]],
      "2 out of order",
    ],
    ["a run with an answer to the wrong chat does not count", [...complete.slice(0, -1), [5, 0]], "1 lost, 1 astray"],
    ["a run with an answer to an update never handed out does not count", [...complete, [6, 0]], "1 astray"],
    ["a run with an answer without a number does not count", [...complete, [Number.NaN, 0]], "1 astray"],
  ];
  for (const [name, answers, faults] of cases) {
    test(name, () => assert.equal(faultsIn(ledgerOf(...answers).verdict(6)), faults));
  }
});

test("latency is the time from an update's first creation to its first answer", () => {
  const ledger = ledgerOf(...complete, [1, 1]);
  ledger.created(0, 6, 15);
  const isFirst = (number: number) => number < 2;
  assert.deepEqual([...ledger.latencies(0, 6, isFirst)], [11, 10]);
});
