import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Arrivals } from "../../src/dispatch/arrivals.ts";
import type { Arrival } from "../../src/dispatch/line.ts";

const arrival = (seq: number, isSuspect = false): Arrival => {
  return {
    seq,
    update_id: seq,
    kind: "message",
    scope: "chat:1",
    received_at: 0,
    attempts: 0,
    deaths: 0,
    body: "",
    shard: 1,
    isSuspect,
  };
};

test("those before the last suspect become suspects", () => {
  const arrivals = new Arrivals();
  for (const one of [arrival(1), arrival(2, true), arrival(3), arrival(4, true), arrival(5)]) arrivals.push(one);
  arrivals.shift();
  arrivals.unshift(arrival(1));
  arrivals.suspectThoseBefore();
  assert.deepEqual(
    arrivals.takeAll().map(({ isSuspect }) => isSuspect),
    [true, true, true, true, false],
  );
  arrivals.push(arrival(6));
  arrivals.suspectThoseBefore();
  assert.equal(arrivals.hasSuspect, false);
});

test("they are a list of which the first leaves first", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("push", "shift"), count: fc.nat(3000) }),
    fc.record({ do: fc.constantFrom("unshift", "takeAll"), count: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const [arrivals, model]: [Arrivals, Arrival[]] = [new Arrivals(), []];
      let seq = 0;
      for (const { do: deed, count } of steps) {
        for (let i = 0; i < count; i++) {
          const one = arrival(++seq, seq % 1000 === 0);
          if (deed === "push" || deed === "unshift") {
            arrivals[deed](one);
            model[deed](one);
          } else if (deed === "shift") assert.equal(arrivals.shift(), model.shift());
          else assert.deepEqual(arrivals.takeAll(), model.splice(0));
        }
        assert.deepEqual([arrivals.length, arrivals.first], [model.length, model[0]]);
        assert.deepEqual(arrivals.firstFew(3), model.slice(0, 3));
        assert.equal(
          arrivals.hasSuspect,
          model.some(({ isSuspect }) => isSuspect),
        );
      }
    }),
    { numRuns: 50 },
  );
});
