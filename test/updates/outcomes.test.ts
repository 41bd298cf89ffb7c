import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Outcomes, signatureOf } from "../../src/updates/outcomes.ts";

const AWAY = "Error: the database is away";

test("ten lines that throw the same error are most of them while fewer than ten others do better", () => {
  const outcomes = new Outcomes();
  for (let line = 1; line <= 9; line++) assert.equal(outcomes.threw(`chat:${line}`, AWAY, 0), false);
  for (let line = 11; line <= 19; line++) outcomes.settled(`chat:${line}`, 1);
  assert.equal(outcomes.threw("chat:10", AWAY, 2), true);
  outcomes.settled("chat:20", 3);
  assert.equal(outcomes.threw("chat:10", AWAY, 4), false);
});

test("a chat that throws for each of its messages counts once", () => {
  const outcomes = new Outcomes();
  for (let i = 0; i < 1000; i++) assert.equal(outcomes.threw(`chat:${i % 9}`, AWAY, i), false);
});

test("errors that differ are no common fault", () => {
  const outcomes = new Outcomes();
  for (let line = 0; line < 100; line++) assert.equal(outcomes.threw(`chat:${line}`, `Error: ${line % 10}`, 0), false);
});

test("throws at a low rate are no common fault: an outcome counts for ten seconds", () => {
  const outcomes = new Outcomes();
  for (let line = 0; line < 100; line++) assert.equal(outcomes.threw(`chat:${line}`, AWAY, 1200 * line), false);
});

test("settlements count from the first throw to ten seconds after the last one", () => {
  const outcomes = new Outcomes();
  outcomes.settled("chat:1", 0);
  assert.equal(outcomes.isEmpty, true);
  outcomes.threw("chat:1", AWAY, 0);
  outcomes.settled("chat:2", 9999);
  assert.equal(outcomes.isEmpty, false);
  outcomes.settled("chat:3", 10_000);
  assert.equal(outcomes.isEmpty, true);
  outcomes.threw("chat:1", AWAY, 10_000);
  outcomes.clear();
  assert.equal(outcomes.isEmpty, true);
});

test("in any course of things, the answer is that of a plain list of the last outcomes", () => {
  const outcome = fc.record({
    line: fc.nat(130),
    error: fc.option(fc.constantFrom(AWAY, "Error: another"), { nil: undefined, freq: 8 }),
    pause: fc.oneof({ weight: 9, arbitrary: fc.nat(100) }, { weight: 1, arbitrary: fc.nat(9000) }),
  });
  let trips = 0;
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 400, size: "max" }), (course) => {
      const outcomes = new Outcomes();
      let list: { line: number; error: string | undefined; at: number }[] = [];
      let now = 0;
      for (const { line, error, pause } of course) {
        now += pause;
        list = list.filter((one) => one.line !== line);
        list = [...list, { line, error, at: now }].slice(-100).filter(({ at }) => now - at < 10_000);
        if (list.every((one) => one.error === undefined)) list = [];
        if (error === undefined) outcomes.settled(`${line}`, now);
        else {
          const same = list.filter((one) => one.error === error).length;
          const isTrip = same >= 10 && 2 * same > list.length;
          assert.equal(outcomes.threw(`${line}`, error, now), isTrip);
          if (isTrip) trips += 1;
        }
        assert.equal(outcomes.isEmpty, list.length === 0);
      }
    }),
  );
  assert.ok(trips > 0);
});

test("an error is the same whatever its numbers, ids and addresses are, and wherever it was thrown", () => {
  const same = (text: string, expected: string) => assert.equal(signatureOf(text), expected);
  same("Error: connect ECONNREFUSED 127.0.0.1:5432\n    at x (y.js:1:2)", "Error: connect ECONNREFUSED #.#.#.#:#");
  same("Error: no row 7f3a-44 for user_12", "Error: no row # for #");
  same("PrismaError: \nInvalid call:\n  in line 3\n    at a\n    at b", "PrismaError: Invalid call: in line #");
  same("AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple", "AggregateError [ECONNREFUSED]:");
  same("a thrown string: 'no'", "a thrown string: 'no'");
  assert.equal(signatureOf("x".repeat(10_000)).length, 200);
});
