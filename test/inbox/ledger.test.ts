import assert from "node:assert/strict";
import fs, { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import type { Beginning } from "../../src/inbox/inbox.ts";
import { drawEpoch, Ledger } from "../../src/inbox/ledger.ts";
import type { JournalFact } from "../../src/protocol/recorded-call.ts";
import type { StoredWrite } from "../../src/protocol/stored-value.ts";

const folder = mkdtempSync(join(tmpdir(), "asgigram-ledger-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = () => join(folder, `${++files}-ledger`);

const EPOCH = 12_345;
const begun = (...seqs: number[]): Beginning[] => seqs.map((seq) => ({ seq, alone: seq % 2 === 0 }));

const saved = (json: string, ...seqs: number[]): JournalFact => ({ type: "saved", seqs, json });

/** The lines that a process finds when it opens the file. */
function found(path: string, epoch = EPOCH): { begun: readonly Beginning[]; settled: readonly number[] } {
  const ledger = new Ledger(path, epoch);
  const { begun, settled } = ledger;
  ledger.close();
  return { begun, settled };
}

describe("the last event that the disk has", () => {
  const lastStored = (path: string, epoch = EPOCH) => {
    const ledger = new Ledger(path, epoch);
    const { lastStored } = ledger;
    ledger.close();
    return lastStored;
  };

  test("it is in the file with the next lines, once, and disturbs none of them", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.stored(7);
    assert.equal(lastStored(path), 0);
    ledger.write(begun(1), []);
    ledger.write(begun(2), [1]);
    ledger.stored(9);
    ledger.stored(8);
    ledger.write([], [2]);
    ledger.close();
    assert.equal(lastStored(path), 9);
    assert.deepEqual(found(path), { begun: begun(1, 2), settled: [1, 2] });
    assert.equal(statSync(path).size, (4 + 2) * 16);
  });

  test("it is known in every epoch: the database may have been cut", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.stored(7);
    ledger.write(begun(1, 2, 3), []);
    ledger.turnTo(EPOCH + 1);
    assert.equal(lastStored(path, EPOCH + 1), 7);
    ledger.write([], [1]);
    assert.equal(lastStored(path, 999), 7);
    assert.deepEqual(found(path, EPOCH + 1), { begun: [], settled: [1] });
    ledger.close();
  });

  test("writeStored() writes it without another line, if no line says it", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.writeStored();
    assert.equal(statSync(path).size, 0);
    ledger.stored(7);
    ledger.writeStored();
    ledger.writeStored();
    assert.ok(ledger.isEmpty);
    assert.equal(statSync(path).size, 16);
    assert.equal(lastStored(path), 7);
    ledger.write(begun(1), []);
    ledger.close();
    assert.deepEqual(found(path), { begun: begun(1), settled: [] });
  });

  test("forgetStored() takes it out of the file", () => {
    const path = newPath();
    const first = new Ledger(path, EPOCH);
    first.stored(7);
    first.write(begun(1), []);
    first.close();
    const second = new Ledger(path, EPOCH);
    second.turnTo(EPOCH + 1);
    second.forgetStored();
    assert.equal(second.lastStored, 0);
    second.close();
    assert.equal(lastStored(path), 0);
  });
});

describe("lines", () => {
  test("lines can be read at once, in order, here and by another process that opens the file", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    assert.ok(ledger.isEmpty);
    ledger.write(begun(1, 2), []);
    ledger.write(begun(3), [2, 1]);
    ledger.write([], [2 ** 48]);
    const all = { begun: begun(1, 2, 3), settled: [2, 1, 2 ** 48] };
    assert.deepEqual({ begun: ledger.begun, settled: ledger.settled }, all);
    assert.deepEqual(found(path), all);
    ledger.close();
    assert.deepEqual(found(path), all);
  });

  test("lines of an earlier process are kept, and the next process writes behind them", () => {
    const path = newPath();
    const first = new Ledger(path, EPOCH);
    first.write(begun(1), [1]);
    first.close();
    const second = new Ledger(path, EPOCH);
    second.write(begun(2), []);
    second.close();
    assert.deepEqual(found(path), { begun: begun(1, 2), settled: [1] });
  });

  test("lines of an earlier epoch do not count, even behind newer lines", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write(begun(1, 2, 3), [1, 2, 3]);
    ledger.turnTo(EPOCH + 1);
    assert.ok(ledger.isEmpty);
    ledger.write([], [4]);
    ledger.close();
    assert.deepEqual(found(path, EPOCH + 1), { begun: [], settled: [4] });
    assert.deepEqual(found(path, EPOCH), { begun: [], settled: [] }, "a newer line comes first");
    assert.equal(statSync(path).size, 6 * 16, "the newer line is written over the first one");
  });

  test("lines that the system writes in parts are whole, behind those before", (t) => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write(begun(1), []);
    const { writeSync } = fs;
    const parts: number[] = [];
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    t.mock.method(fs, "writeSync", (file: number, lines: Float64Array, from: number, length: number, at: number) => {
      parts.push(length);
      return writeSync(file, lines, from, Math.min(length, 20), at);
    });
    syncBuiltinESMExports();
    ledger.write(begun(2, 3), [1]);
    assert.deepEqual(parts, [48, 28, 8]);
    ledger.close();
    assert.deepEqual(found(path), { begun: begun(1, 2, 3), settled: [1] });
  });

  test("isFull is true after some thousand lines, until turnTo()", () => {
    const ledger = new Ledger(newPath(), EPOCH);
    let written = 0;
    for (; !ledger.isFull; written += 100)
      ledger.write(
        [],
        Array.from({ length: 100 }, (_, i) => i),
      );
    assert.ok(written >= 1000 && written <= 10_000, `${written}`);
    ledger.turnTo(EPOCH + 1);
    assert.ok(!ledger.isFull);
    ledger.close();
  });
});

describe("facts of journals", () => {
  const foundFacts = (path: string, epoch = EPOCH) => {
    const ledger = new Ledger(path, epoch);
    const { facts } = ledger;
    ledger.close();
    return facts;
  };

  test("they are kept for each of their events until that is settled, here and for another process", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write(begun(1), [], [saved("one", 1, 2), saved("two", 1)]);
    ledger.write([], [1, 3], [saved("three", 2), saved("late", 3)]);
    assert.deepEqual([...ledger.facts.keys()], [2]);
    assert.ok(!ledger.isEmpty);
    ledger.close();
    assert.deepEqual(foundFacts(path), new Map([[2, [saved("one", 1, 2), saved("three", 2)]]]));
    assert.deepEqual(found(path), { begun: begun(1), settled: [1, 3] });
  });

  test("they are obsolete in the next epoch, and never read as lines", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.stored(7);
    ledger.write([], [], [saved("x".repeat(500), 1)]);
    ledger.turnTo(EPOCH + 1);
    assert.ok(ledger.isEmpty);
    ledger.write([], [4]);
    ledger.close();
    assert.deepEqual(found(path, EPOCH + 1), { begun: [], settled: [4] });
    assert.deepEqual(foundFacts(path, EPOCH + 1), new Map());
  });

  test("those whose text is damaged end the reading", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write([], [], [saved("one", 1)]);
    const { size } = statSync(path);
    ledger.write([], [], [saved("two", 2)]);
    ledger.write([], [9]);
    ledger.close();
    const bytes = readFileSync(path);
    bytes[size + 34]! ^= 1;
    writeFileSync(path, bytes);
    assert.deepEqual(foundFacts(path), new Map([[1, [saved("one", 1)]]]));
    const next = new Ledger(path, EPOCH);
    next.write([], [8]);
    next.close();
    assert.deepEqual(found(path), { begun: [], settled: [8] });
  });

  test("isFull is true after some megabytes of them", () => {
    const ledger = new Ledger(newPath(), EPOCH);
    ledger.write([], [], [saved("x".repeat(3_000_000), 1)]);
    assert.ok(!ledger.isFull);
    ledger.write([], [], [saved("x".repeat(3_000_000), 1)]);
    assert.ok(ledger.isFull);
    ledger.close();
  });

  test("wipe() leaves nothing in the file but the last event that the disk has", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.stored(7);
    ledger.write(begun(1), [], [saved("a secret", 1)]);
    ledger.turnTo(EPOCH + 1);
    ledger.wipe();
    assert.equal(statSync(path).size, 16);
    ledger.write([], [1]);
    ledger.close();
    const next = new Ledger(path, EPOCH + 1);
    assert.deepEqual([next.lastStored, next.settled], [7, [1]]);
    next.close();
  });

  for (const way of ["wipe", "forgetStored"] as const) {
    test(`${way}() in the middle of an epoch leaves no hole before what is written next`, () => {
      const path = newPath();
      const ledger = new Ledger(path, EPOCH);
      ledger.stored(7);
      ledger.writeStored();
      ledger[way]();
      ledger.stored(8);
      ledger.write([], [1]);
      ledger.close();
      const next = new Ledger(path, EPOCH);
      assert.deepEqual([next.lastStored, next.settled], [8, [1]]);
      next.close();
    });
  }
});

describe("stored values", () => {
  const write = (key: string, json: string | undefined, seq?: number): StoredWrite => {
    return { key, json, seq, line: seq === undefined ? undefined : `chat:${seq}` };
  };

  const foundValues = (path: string, epoch = EPOCH) => {
    const ledger = new Ledger(path, epoch);
    const { values } = ledger;
    ledger.close();
    return new Map(Array.from(values, ([key, { json, seq }]) => [key, [json, seq]]));
  };

  test("the latest write of each is kept with the settlement of its event, here and for another process", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write([], [1, 2], [saved("one", 9)], [write("a", "1", 1), write("a", "2", 2), write("b", "3", 2)]);
    ledger.write([], [3], [], [write("b", undefined, 3), write("c", "4")]);
    const values = new Map([
      ["a", ["2", 2]],
      ["b", [undefined, 3]],
      ["c", ["4", undefined]],
    ]);
    assert.deepEqual(new Map(Array.from(ledger.values, ([key, { json, seq }]) => [key, [json, seq]])), values);
    assert.ok(!ledger.isEmpty);
    ledger.close();
    assert.deepEqual(foundValues(path), values);
    const next = new Ledger(path, EPOCH);
    assert.deepEqual([next.settled, [...next.facts.keys()]], [[1, 2, 3], [9]]);
    next.turnTo(EPOCH + 1);
    assert.deepEqual([next.values, next.isEmpty], [new Map(), true]);
    next.close();
    assert.deepEqual(foundValues(path, EPOCH + 1), new Map());
  });

  test("of a write that was cut at any place, neither the settlement nor the values count, or both do", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write([], [1], [], [write("a", "1", 1)]);
    const { size: before } = statSync(path);
    ledger.write([{ seq: 4, alone: false }], [2], [], [write("a", "2", 2)]);
    ledger.close();
    const bytes = readFileSync(path);
    for (let length = before; length <= bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const isSettled = found(path).settled.includes(2);
      assert.deepEqual(foundValues(path), new Map([["a", isSettled ? ["2", 2] : ["1", 1]]]), `${length} bytes`);
    }
    assert.ok(found(path).settled.includes(2));
  });

  test("one outside an event alone makes the ledger one that is to be taken over", () => {
    const ledger = new Ledger(newPath(), EPOCH);
    ledger.write([], [], [], [write("a", "1")]);
    assert.ok(!ledger.isEmpty);
    ledger.turnTo(EPOCH + 1);
    assert.ok(ledger.isEmpty);
    ledger.close();
  });
});

describe("bytes that are no line", () => {
  test("half a line, or the hole that a power cut leaves, ends the reading", () => {
    const path = newPath();
    const ledger = new Ledger(path, EPOCH);
    ledger.write(begun(1, 2), [1]);
    ledger.close();
    truncateSync(path, 2 * 16 + 9);
    assert.deepEqual(found(path), { begun: begun(1, 2), settled: [] });
    writeFileSync(path, readFileSync(path).fill(0, 16, 32));
    assert.deepEqual(found(path), { begun: begun(1), settled: [] });
  });

  test("random bytes are never read as lines", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const path = newPath();
        writeFileSync(path, bytes);
        assert.deepEqual(found(path), { begun: [], settled: [] });
      }),
    );
  });
});

test("a closed ledger does not write to another file", () => {
  const ledger = new Ledger(newPath(), EPOCH);
  ledger.close();
  const path = newPath();
  // It probably gets the file descriptor that the closed ledger had.
  const other = new Ledger(path, EPOCH);
  assert.throws(() => ledger.write([], [1]));
  assert.equal(statSync(path).size, 0);
  other.close();
});

test("epochs differ from each other, and none is 0, which a hole reads as", () => {
  const drawn = Array.from({ length: 1000 }, drawEpoch);
  assert.equal(new Set(drawn).size, drawn.length);
  assert.ok(drawn.every((epoch) => Number.isSafeInteger(epoch) && epoch > 0));
});

test("any sequence of writes and reopenings leaves the lines that a list would hold", () => {
  const seq = fc.nat(1000);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ begun: fc.array(seq), settled: fc.array(seq), saved: fc.array(seq) }) },
    { weight: 1, arbitrary: fc.constant("copy" as const) },
    { weight: 1, arbitrary: fc.constant("reopen" as const) },
    { weight: 1, arbitrary: fc.constant("die" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const path = newPath();
      let epoch = drawEpoch();
      let ledger = new Ledger(path, epoch);
      let list = { begun: [] as Beginning[], settled: [] as number[] };
      const facts = new Map<number, JournalFact[]>();
      for (const step of steps) {
        if (step === "copy" || step === "die") {
          epoch = drawEpoch();
          list = { begun: [], settled: [] };
          facts.clear();
          // The database has a new epoch; the process may have died before turnTo().
          if (step === "copy") ledger.turnTo(epoch);
        }
        if (step === "reopen" || step === "die") {
          ledger.close();
          ledger = new Ledger(path, epoch);
        } else if (typeof step === "object") {
          const texts = step.saved.map((seq) => saved("x".repeat(seq), seq));
          ledger.write(begun(...step.begun), step.settled, texts);
          for (const fact of texts) facts.set(fact.seqs[0]!, [...(facts.get(fact.seqs[0]!) ?? []), fact]);
          for (const seq of step.settled) facts.delete(seq);
          list = { begun: [...list.begun, ...begun(...step.begun)], settled: [...list.settled, ...step.settled] };
        }
        assert.deepEqual({ begun: ledger.begun, settled: ledger.settled }, list);
        assert.deepEqual(ledger.facts, facts);
      }
      ledger.close();
    }),
    { numRuns: 50 },
  );
});
