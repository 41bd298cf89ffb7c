import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { REMEMBERED_FOR, type Run, SeenIds } from "../../src/inbox/seen-ids.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);

/** Receives an update as the inbox does: forgets old ids first. @returns true if the id is new */
function receive(seen: SeenIds, update_id: number, now: number): boolean {
  seen.forget(now);
  if (seen.has(update_id)) return false;
  seen.add(update_id, now);
  return true;
}

/** The table of runs, as the SQLite inbox keeps it. */
class Table {
  readonly rows = new Map<number, Run>();

  write(run: Run): void {
    this.rows.set(run.id, { ...run });
  }

  forget(before: number): void {
    for (const id of this.rows.keys()) if (id < before) this.rows.delete(id);
  }

  read(): SeenIds {
    return new SeenIds([...this.rows.values()].sort((a, b) => a.id - b.id).map((run) => ({ ...run })));
  }
}

test("ids are kept for twice the time for which Telegram keeps an update", () => {
  assert.equal(REMEMBERED_FOR, 2 * DAY);
});

describe("any sequence of ids and pauses", () => {
  type Step = { jump: number | undefined; repeat: number | undefined; pause: number; reopen: boolean };
  const step: fc.Arbitrary<Step> = fc.record({
    jump: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined, freq: 6 }),
    repeat: fc.option(fc.nat(50), { nil: undefined, freq: 3 }),
    pause: fc.oneof(
      { weight: 6, arbitrary: fc.nat(10 * MINUTE) },
      { weight: 2, arbitrary: fc.nat(3 * HOUR) },
      { weight: 1, arbitrary: fc.nat(8 * DAY) },
    ),
    reopen: fc.boolean(),
  });

  test("ids are remembered for 48 hours and forgotten after 49, also by stored runs", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 200, size: "max" }), (steps) => {
        const table = new Table();
        let seen = table.read();
        const times = new Map<number, number>();
        const order: number[] = [];
        let now = START;
        let next = 1;
        for (const { jump, repeat, pause, reopen } of steps) {
          now += pause;
          if (jump !== undefined) next = jump;
          const isRepeated = repeat !== undefined && repeat < order.length;
          const id = isRepeated ? order[order.length - 1 - repeat]! : next++;
          if (reopen) seen = table.read();
          table.forget(seen.forget(now));
          const age = now - (times.get(id) ?? Number.NEGATIVE_INFINITY);
          if (age <= REMEMBERED_FOR) assert.ok(seen.has(id), `forgot ${id} after ${age} ms`);
          if (age > REMEMBERED_FOR + HOUR) assert.ok(!seen.has(id), `still refuses ${id} after ${age} ms`);
          if (seen.has(id)) continue;
          table.write(seen.add(id, now));
          times.set(id, now);
          order.push(id);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("consecutive ids", () => {
  test("consecutive ids are one run per hour, however many they are", () => {
    const seen = new SeenIds();
    const runs = new Map<number, Run>();
    for (let i = 0; i < 24 * 60; i++) {
      for (let j = 0; j < 10; j++) {
        const run = seen.add(1000 + i * 10 + j, START + i * MINUTE);
        runs.set(run.id, run);
      }
    }
    assert.equal(runs.size, 24);
    assert.ok(seen.has(1000) && seen.has(1000 + 24 * 600 - 1));
    assert.ok(!seen.has(999) && !seen.has(1000 + 24 * 600));
  });

  test("consecutive ids are never more than 50 runs", () => {
    const table = new Table();
    const seen = table.read();
    let most = 0;
    for (let i = 0; i < 14 * 24 * 12; i++) {
      const now = START + i * 5 * MINUTE;
      table.forget(seen.forget(now));
      table.write(seen.add(i, now));
      most = Math.max(most, table.rows.size);
    }
    assert.ok(most <= 50, `${most} runs`);
  });
});

test("every id of a run is kept for 48 hours: the run, whose first id is up to an hour older, for 49", () => {
  const seen = new SeenIds();
  const [first, last] = [START, START + HOUR - 1];
  for (const now of [first, last]) seen.add(now === first ? 1 : 2, now);
  seen.forget(last + REMEMBERED_FOR);
  assert.ok(seen.has(2));
  seen.forget(first + REMEMBERED_FOR + HOUR + 1);
  assert.ok(!seen.has(1) && !seen.has(2));
});

describe("a quiet week", () => {
  test("a quiet week makes every earlier id new again, also the ids of the last run", () => {
    const seen = new SeenIds();
    for (let id = 1; id <= 100; id++) assert.ok(receive(seen, id, START));
    for (let id = 100; id >= 1; id--) assert.ok(receive(seen, id, START + 7 * DAY), `refused ${id}`);
  });

  test("a quiet week empties the table, and later runs are stored without old ones", () => {
    const table = new Table();
    const seen = table.read();
    table.write(seen.add(500, START));
    table.write(seen.add(700, START));
    table.forget(seen.forget(START + 7 * DAY));
    assert.equal(table.rows.size, 0);
    table.write(seen.add(3, START + 7 * DAY));
    const reopened = table.read();
    assert.deepEqual(
      [3, 500, 700].map((id) => reopened.has(id)),
      [true, false, false],
    );
  });
});

test("a clock that is set back forgets nothing", () => {
  const seen = new SeenIds();
  seen.add(1, START);
  seen.add(2, START - DAY);
  seen.forget(START - DAY);
  assert.ok(seen.has(1) && seen.has(2));
});

test("the answer for every id is that of a list of runs that is searched from one end", () => {
  const step = fc.record({ id: fc.nat(40), pause: fc.oneof(fc.nat(HOUR), fc.nat(60 * HOUR)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const seen = new SeenIds();
      let runs: Run[] = [];
      let now = START;
      for (const { id, pause } of steps) {
        now += pause;
        const oldest = seen.forget(now);
        runs = runs.filter(({ since }) => now - since <= REMEMBERED_FOR + HOUR);
        assert.ok(runs.every((run) => run.id >= oldest));
        const has = (id: number) => runs.some(({ first, last }) => first <= id && id <= last);
        for (let other = 0; other <= 41; other++) assert.equal(seen.has(other), has(other), `${other}`);
        if (has(id)) continue;
        const run = seen.add(id, now);
        runs = [...runs.filter((other) => other.id !== run.id), run];
      }
    }),
    { numRuns: 300 },
  );
});

test("an id that was forgotten and comes again is known, however often, beside many that are remembered", () => {
  const seen = new SeenIds();
  let now = START;
  let other = 1000;
  for (let time = 0; time < 5; time++) {
    seen.forget(now);
    assert.ok(!seen.has(8), `${time}`);
    // Now the id is a run of its own, and now the end of one.
    if (time % 3 === 2) seen.add(7, now);
    seen.add(8, now);
    assert.ok(seen.has(8), `${time}`);
    now += HOUR;
    // More runs than are forgotten meanwhile: the forgotten ones stay in place.
    for (let i = 0; i < 100 * 3 ** time; i++) {
      other += 10;
      seen.add(other, now);
    }
    now += 49 * HOUR;
  }
});

test("a look-up among a million runs reads some twenty of them", () => {
  let reads = 0;
  class CountedRun implements Run {
    readonly since = START;
    readonly id: number;
    constructor(id: number) {
      this.id = id;
    }
    get first(): number {
      reads += 1;
      return this.id * 10;
    }
    get last(): number {
      return this.id * 10 + 4;
    }
  }
  const seen = new SeenIds(Array.from({ length: 1_000_000 }, (_, i) => new CountedRun(i + 1)));
  for (const id of [10, 14, 5_000_000, 9_999_994, 10_000_004]) {
    reads = 0;
    assert.ok(seen.has(id) && !seen.has(id + 5), `${id}`);
    assert.ok(reads <= 2 * 20, `${reads} reads`);
  }
});

test("stored runs are not changed by later ids", () => {
  const stored: Run[] = [{ id: 7, first: 1, last: 3, since: START }];
  const seen = new SeenIds(stored);
  assert.equal(seen.add(9, START).id, 8);
  assert.equal(stored.length, 1);
});
