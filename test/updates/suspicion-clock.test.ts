import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Arrival } from "../../src/dispatch/line.ts";
import { SuspicionClock } from "../../src/updates/suspicion-clock.ts";

/** A clock, and what the dispatcher was told at which time. */
function clock(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: string[] = [];
  let now = 0;
  const note = (what: string) => told.push(`${now}: ${what}`);
  const suspicion = new SuspicionClock({
    share: (worker, seq) => note(`share ${worker} ${seq}`),
    makeWay: (worker, seq) => note(`makeWay ${worker} ${seq}`),
    trySuspects: () => note("trySuspects"),
    trust: () => note("trust"),
  });
  const pass = (milliseconds: number) => {
    for (const end = now + milliseconds; now < end; ) {
      now += 50;
      t.mock.timers.tick(50);
    }
  };
  return { suspicion, told, pass };
}

function arrival(facts: Partial<Arrival>): Arrival {
  const address = { update_id: 7, kind: "message", scope: "chat:1", shard: 1, body: "{}", received_at: 0 };
  return { seq: 7, attempts: 1, deaths: 0, ...address, ...facts };
}

test("an event is shared after 250 ms, and twice as long after each death; a suspect makes way as well", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.holdsUp(0, arrival({ seq: 1 }), () => true);
  suspicion.holdsUp(1, arrival({ seq: 2, deaths: 2 }), () => true);
  suspicion.holdsUp(2, arrival({ seq: 3, attempts: 5, isSuspect: true }), () => true);
  pass(2000);
  assert.deepEqual(told, ["250: share 0 1", "250: share 2 3", "1000: share 1 2", "1000: makeWay 2 3"]);
});

test("an event that kills ever later has its worker to itself for ten minutes at most", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.holdsUp(0, arrival({ deaths: 20 }), () => true);
  pass(600_000);
  assert.deepEqual(told, ["600000: share 0 7"]);
});

test("an event whose worker is gone is neither shared nor makes way", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.holdsUp(0, arrival({ isSuspect: true }), () => false);
  pass(10_000);
  assert.deepEqual(told, []);
});

test("suspects wait for ten seconds from the start of the first worker", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.workerReady();
  pass(5000);
  suspicion.workerReady();
  pass(20_000);
  assert.deepEqual(told, ["10000: trySuspects"]);
});

test("suspects that wait when the server stops are not tried", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.workerReady();
  suspicion.close();
  pass(20_000);
  assert.deepEqual(told, []);
});

test("a death is forgotten ten seconds after the last one", (t) => {
  const { suspicion, told, pass } = clock(t);
  suspicion.workerDied();
  pass(5000);
  suspicion.workerDied();
  pass(20_000);
  assert.deepEqual(told, ["15000: trust"]);
});
