import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import type { InboxEntry } from "../../src/inbox/inbox.ts";
import { type DeadLetterLimits, SqliteInbox } from "../../src/inbox/sqlite.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { DAY, HOUR, keepsTheContract, START, updates } from "./contract.ts";

const BOT = 1;

/** A file in a folder of its own, gone after the test. */
function newPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-inbox-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "inbox.sqlite");
}

/** Opens an inbox, and closes it after the test if the test has not. */
function open(t: TestContext, path: string, limits?: DeadLetterLimits): SqliteInbox {
  const inbox = new SqliteInbox(path, BOT, limits);
  t.after(() => {
    try {
      inbox.close();
    } catch {}
  });
  return inbox;
}

/** What the file says to somebody who looks in. */
function lookInto(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare(sql).all();
  database.close();
  return rows.map((row) => ({ ...row }));
}

function refusedWith(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof InboxError, String(error));
    assert.match(error.message, message);
    return true;
  };
}

const ids = (entries: InboxEntry[]) => entries.map(({ update_id }) => update_id);

keepsTheContract((t) => open(t, newPath(t)));

describe("sync()", () => {
  /** Counts the flushes of the file behind a descriptor; `fail` makes them fail. */
  async function watch(t: TestContext, path: string, fail?: Error) {
    const handle = await openFile(path);
    t.after(() => handle.close());
    const datasync = Object.getPrototypeOf(handle).datasync as (this: FileHandle) => Promise<void>;
    const flushed: number[] = [];
    t.mock.method(Object.getPrototypeOf(handle), "datasync", async function (this: FileHandle) {
      if (fail !== undefined) throw fail;
      await datasync.call(this);
      flushed.push((await this.stat()).ino);
    });
    return { flushed, ino: (await handle.stat()).ino };
  }

  test("flushes the write-ahead log once for all that was committed before", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const { flushed, ino } = await watch(t, `${path}-wal`);
    inbox.append(updates(1));
    inbox.append(updates(2));
    await inbox.sync();
    assert.deepEqual(flushed, [ino]);
    await inbox.sync();
    assert.deepEqual(flushed, [ino], "there was nothing new");
    inbox.append(updates(3));
    await Promise.all([inbox.sync(), inbox.sync()]);
    assert.deepEqual(flushed, [ino, ino]);
  });

  test("two at a time wait for the same flush", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const { flushed } = await watch(t, `${path}-wal`);
    inbox.append(updates(1));
    void inbox.sync();
    await inbox.sync();
    assert.equal(flushed.length, 1);
  });

  test("rejects if the disk does not take it, from then on", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    await watch(t, `${path}-wal`, Object.assign(new Error("i/o error, fdatasync"), { code: "EIO" }));
    inbox.append(updates(1));
    const refused = refusedWith(/^the inbox .* could not be written: i\/o error, fdatasync; /);
    await assert.rejects(inbox.sync(), refused);
    await assert.rejects(inbox.sync(), refused);
  });
});

describe("what is appended", () => {
  test("is there in order, as it came, until it is settled", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const inbox = open(t, newPath(t));
    const [one, two, three] = inbox.append(updates(7, 5, 6)) as [number, number, number];
    const fresh = { attempts: 0, deaths: 0, orphaned: 0, received_at: START };
    assert.deepEqual(
      inbox.unsettled().map((entry) => ({ ...entry })),
      [one, two, three].map((seq, i) => ({ ...fresh, ...updates(7, 5, 6)[i]!, seq })),
    );
    inbox.record([], [two]);
    assert.deepEqual(ids(inbox.unsettled()), [7, 6]);
    inbox.record([], [three, one]);
    assert.deepEqual(inbox.unsettled(), []);
  });

  test("is there, in order, when the file is opened again; what is settled is not, and stays known", (t) => {
    const path = newPath(t);
    const first = open(t, path);
    const seqs = first.append(updates(30, 10, 20, 40)) as number[];
    first.record([], [seqs[1]!]);
    first.close();
    const second = open(t, path);
    assert.deepEqual(ids(second.unsettled()), [30, 20, 40]);
    assert.deepEqual(second.append(updates(10, 20, 30, 40)), [undefined, undefined, undefined, undefined]);
  });

  test("never gets a number that another has had, also when the file is opened again", (t) => {
    const path = newPath(t);
    const first = open(t, path);
    const seqs = first.append(updates(1, 2)) as number[];
    first.record([], seqs);
    first.append(updates(3));
    first.clear();
    first.close();
    const [seq] = open(t, path).append(updates(4));
    assert.ok(seq! > seqs.at(-1)! + 1);
  });

  test("is all of a batch or nothing: what could not be stored is not known either", (t) => {
    const inbox = open(t, newPath(t));
    const [good, bad] = updates(1, 2) as [{ update_id: number; body: string }, object];
    const broken = { ...bad, body: undefined } as unknown as typeof good;
    assert.throws(() => inbox.append([good, broken]), refusedWith(/could not be written/));
    assert.deepEqual(inbox.unsettled(), []);
    assert.equal(inbox.append(updates(1, 2)).filter((seq) => seq === undefined).length, 0);
  });

  test("is forgotten by clear(), all of it or what came before a time, and stays known", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const inbox = open(t, newPath(t));
    inbox.append(updates(1, 2));
    t.mock.timers.setTime(START + HOUR);
    inbox.append(updates(3));
    assert.equal(inbox.clear(START + 1), 2);
    assert.deepEqual(ids(inbox.unsettled()), [3]);
    assert.equal(inbox.clear(), 1);
    assert.equal(inbox.clear(), 0);
    assert.deepEqual(inbox.append(updates(1, 2, 3)), [undefined, undefined, undefined]);
  });

  test("leaves few rows behind, however many they were", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const inbox = open(t, path);
    for (let hour = 0; hour < 200; hour++) {
      t.mock.timers.setTime(START + hour * HOUR);
      const batch = Array.from({ length: 50 }, (_, i) => updates(1 + hour * 50 + i)[0]!);
      inbox.record([], inbox.append(batch) as number[]);
    }
    const [{ count }] = lookInto(path, "SELECT count(*) AS count FROM seen") as [{ count: number }];
    assert.ok(count <= 50, `${count} rows`);
    inbox.news();
    assert.deepEqual(lookInto(path, "SELECT count(*) AS count FROM event"), [{ count: 0 }]);
  });

  test("after a quiet week is welcome also where the process was another then", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const first = open(t, path);
    first.append(updates(1, 2, 3, 10, 11));
    first.close();
    t.mock.timers.setTime(START + 8 * DAY);
    const second = open(t, path);
    assert.ok(second.append(updates(11, 3, 2)).every((seq) => seq !== undefined));
    second.close();
    assert.deepEqual(open(t, path).append(updates(2, 3, 11)), [undefined, undefined, undefined]);
  });
});

describe("what happens to an event", () => {
  /** What is known of the only event in it. */
  function known(inbox: SqliteInbox): Partial<InboxEntry> {
    const [{ attempts, deaths, orphaned }] = inbox.unsettled() as [InboxEntry];
    return { attempts, deaths, orphaned };
  }

  test("is counted: deliveries that begin, workers that die of it, deliveries that are taken back", (t) => {
    const inbox = open(t, newPath(t));
    const [seq] = inbox.append(updates(1)) as [number];
    inbox.record([{ seq, alone: false }], []);
    inbox.record([{ seq, alone: true }], []);
    assert.deepEqual(known(inbox), { attempts: 2, deaths: 0, orphaned: 0 });
    inbox.mourn([seq]);
    assert.deepEqual(known(inbox), { attempts: 2, deaths: 1, orphaned: 0 });
    inbox.withdraw([seq]);
    assert.deepEqual(known(inbox), { attempts: 1, deaths: 1, orphaned: 0 });
  });

  test("is counted when the process ends while it is alone at its worker, and only then", (t) => {
    const path = newPath(t);
    const reopened = (last: SqliteInbox) => {
      last.close();
      return open(t, path);
    };
    let inbox = open(t, path);
    const [seq] = inbox.append(updates(1)) as [number];
    inbox.record([{ seq, alone: false }], []);
    inbox = reopened(inbox);
    assert.deepEqual(known(inbox), { attempts: 1, deaths: 0, orphaned: 0 });
    inbox.record([{ seq, alone: true }], []);
    inbox = reopened(inbox);
    assert.deepEqual(known(inbox), { attempts: 2, deaths: 0, orphaned: 1 });
    inbox = reopened(inbox);
    assert.equal(known(inbox).orphaned, 1);
    for (const end of [() => inbox.mourn([seq]), () => inbox.withdraw([seq])]) {
      inbox.record([{ seq, alone: true }], []);
      end();
      inbox = reopened(inbox);
      assert.equal(known(inbox).orphaned, 1);
    }
  });
});

describe("between two transactions", () => {
  const inFile = (path: string) => lookInto(path, "SELECT seq, attempts FROM event ORDER BY seq");

  test("what happens is in the ledger, and taken over when somebody looks for news", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const [one, two, three] = inbox.append(updates(1, 2, 3)) as [number, number, number];
    const begun = [one, two].map((seq) => ({ seq, alone: false }));
    inbox.record(begun, [one]);
    inbox.append(updates(4));
    assert.deepEqual(
      inFile(path).map(({ attempts }) => attempts),
      [0, 0, 0, 0],
    );
    inbox.news();
    assert.deepEqual(
      inFile(path),
      [two, three, three + 1].map((seq) => ({ seq, attempts: seq === two ? 1 : 0 })),
    );
  });

  test("no more happens than the ledger has room for", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const seqs = inbox.append(updates(...Array.from({ length: 5000 }, (_, i) => i))) as number[];
    for (const seq of seqs) inbox.record([{ seq, alone: false }], [seq]);
    assert.ok(inFile(path).length < 3000, `${inFile(path).length} are still there`);
  });

  test("a death right after the database has taken over repeats nothing", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const [one, two] = inbox.append(updates(1, 2)) as [number, number];
    inbox.record([{ seq: one, alone: false }], [two]);
    inbox.mourn([one]);
    // Nothing has been written to the ledger since: it is what a process would have left that died there.
    const left = readFileSync(`${path}-ledger`);
    assert.ok(left.length > 0);
    inbox.close();
    writeFileSync(`${path}-ledger`, left);
    const found = open(t, path).unsettled();
    assert.deepEqual(
      found.map(({ seq, attempts, deaths }) => ({ seq, attempts, deaths })),
      [{ seq: one, attempts: 1, deaths: 1 }],
    );
  });

  test("the ledger of another time, as beside a copy that is put back, is of no consequence", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    inbox.append(updates(1, 2));
    inbox.check();
    const copy = readFileSync(path);
    const log = readFileSync(`${path}-wal`);
    inbox.news();
    const [three] = inbox.append(updates(3)) as [number];
    inbox.record([], [three]);
    inbox.news();
    inbox.record([{ seq: 1, alone: false }], [2]);
    const ledger = readFileSync(`${path}-ledger`);
    inbox.close();
    writeFileSync(path, copy);
    writeFileSync(`${path}-wal`, log);
    writeFileSync(`${path}-ledger`, ledger);
    assert.deepEqual(ids(open(t, path).unsettled()), [1, 2]);
  });

  test("lines behind a hole are not found again when the hole is filled", (t) => {
    const path = newPath(t);
    const files = ["", "-wal", "-ledger"].map((suffix) => `${path}${suffix}`);
    /** What a process leaves that dies at this moment. */
    const die = (inbox: SqliteInbox, spoil: (ledger: Buffer) => void = () => {}) => {
      const left = files.map((file) => readFileSync(file));
      spoil(left[2]!);
      inbox.close();
      for (const [i, file] of files.entries()) writeFileSync(file, left[i]!);
    };
    const first = open(t, path);
    const [one, two, three] = first.append(updates(1, 2, 3)) as [number, number, number];
    first.record([], [one]);
    first.record([], [two]);
    // A disk need not have written what came first.
    die(first, (ledger) => ledger.fill(0, 0, 16));
    const second = open(t, path);
    assert.deepEqual(ids(second.unsettled()), [1, 2, 3]);
    second.record([], [three]);
    die(second);
    assert.deepEqual(ids(open(t, path).unsettled()), [1, 2]);
  });

  test("a ledger that is lost costs second deliveries, and nothing else", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const [one] = inbox.append(updates(1, 2)) as [number];
    inbox.record([], [one]);
    rmSync(`${path}-ledger`);
    assert.deepEqual(ids(inbox.unsettled()), [2]);
    inbox.record([], [one + 1]);
    inbox.close();
    const again = open(t, path);
    assert.deepEqual(ids(again.unsettled()), []);
    assert.deepEqual(again.append(updates(1, 2)), [undefined, undefined]);
  });

  test("what is wrong with it is told with the inbox's name", (t) => {
    const path = newPath(t);
    mkdirSync(`${path}-ledger`);
    const refused = refusedWith(new RegExp(`^the inbox ${path} could not be opened: EISDIR: .*${path}-ledger'`));
    assert.throws(() => open(t, path), refused);
    assert.throws(() => open(t, path), refused, "and the lock is free afterwards");
  });
});

describe("a dead letter", () => {
  test("is the event with what is known of its end, and unsettled no more", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const inbox = open(t, path);
    const [seq] = inbox.append(updates(1, 2)) as [number, number];
    inbox.record([{ seq, alone: false }], []);
    t.mock.timers.setTime(START + HOUR);
    inbox.bury(seq, "Error: it threw", "last words");
    assert.deepEqual(ids(inbox.unsettled()), [2]);
    const [{ id: _, ...letter }] = lookInto(path, "SELECT * FROM dead_letter") as [Record<string, unknown>];
    const known = { reason: "Error: it threw", log: "last words", received_at: START, died_at: START + HOUR };
    assert.deepEqual(letter, { ...updates(1)[0]!, attempts: 1, ...known });
  });

  test("may be something that is no update", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    inbox.buryUnreadable('{"id":1}', "it has no update_id");
    const [letter] = lookInto(path, "SELECT update_id, body, attempts, reason, log FROM dead_letter");
    assert.deepEqual(letter, {
      update_id: null,
      body: '{"id":1}',
      attempts: 0,
      reason: "it has no update_id",
      log: "",
    });
    assert.deepEqual(inbox.unsettled(), []);
  });

  test("is given up for newer ones when there are more than are kept, or when it is old", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const inbox = open(t, path, { count: 3, age: DAY });
    const kept = () =>
      lookInto(path, "SELECT update_id FROM dead_letter ORDER BY id").map(({ update_id }) => update_id);
    const seqs = inbox.append(updates(1, 2, 3, 4, 5)) as number[];
    for (const seq of seqs.slice(0, 4)) inbox.bury(seq, "?");
    assert.deepEqual(kept(), [2, 3, 4]);
    t.mock.timers.setTime(START + DAY + 1);
    inbox.bury(seqs[4]!, "?");
    assert.deepEqual(kept(), [5]);
  });
});

describe("whose file it is", () => {
  test("one process's at a time: this one's", (t) => {
    const path = newPath(t);
    const first = open(t, path);
    assert.throws(() => open(t, path), refusedWith(/in use by another process.*--inbox/));
    first.append(updates(1));
    first.close();
    assert.deepEqual(ids(open(t, path).unsettled()), [1]);
  });

  test("one process's at a time: another's, until that one is dead, however it dies", async (t) => {
    const path = newPath(t);
    open(t, path).close();
    const holder = spawn(process.execPath, [resolve(import.meta.dirname, "fixtures/holder.ts"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => holder.kill("SIGKILL"));
    await once(holder.stdout, "data");
    assert.throws(() => open(t, path), refusedWith(/in use by another process/));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    open(t, path);
  });

  test("one bot's", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    inbox.append(updates(1));
    inbox.close();
    assert.throws(() => new SqliteInbox(path, 2), refusedWith(/belongs to bot 1, not to 2.*--inbox/));
    assert.deepEqual(ids(open(t, path).unsettled()), [1]);
  });

  test("not that of a newer asgigram", (t) => {
    const path = newPath(t);
    open(t, path).close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => open(t, path), refusedWith(/written by a newer asgigram \(format 99/));
  });

  test("not something else altogether", (t) => {
    const path = newPath(t);
    writeFileSync(path, "This is a letter, and no database. ".repeat(100));
    assert.throws(() => open(t, path), refusedWith(/not a database/));
    rmSync(path);
    open(t, path);
  });

  test("in a folder that is there", (t) => {
    const path = newPath(t);
    writeFileSync(path, "");
    assert.throws(() => open(t, join(path, "inbox.sqlite")), refusedWith(/./));
    assert.throws(() => open(t, join(path, "..", "nowhere", "inbox.sqlite")), refusedWith(/does not exist; create it/));
    assert.throws(() => open(t, join(path, "..")), refusedWith(/is a folder/));
  });

  test("and nobody's when it has been removed", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    rmSync(path);
    assert.throws(() => inbox.news(), refusedWith(/has been removed/));
  });
});

describe("others", () => {
  test("can look in while it is used, and do not hold it up", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    inbox.append(updates(1, 2));
    const reader = new DatabaseSync(path, { readOnly: true });
    t.after(() => reader.close());
    reader.exec("BEGIN");
    const count = () => (reader.prepare("SELECT count(*) AS count FROM event").get() as { count: number }).count;
    assert.equal(count(), 2);
    inbox.append(updates(3));
    assert.equal(count(), 2);
    reader.exec("COMMIT");
    assert.equal(count(), 3);
  });

  test("can put something in, which is news, once, and never lost among what is appended", (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    const other = new DatabaseSync(path);
    t.after(() => other.close());
    const insert = other.prepare("INSERT INTO event (update_id, body, received_at) VALUES (?, '{}', 0)");
    inbox.append(updates(1));
    insert.run(100);
    inbox.append(updates(2));
    insert.run(101);
    assert.deepEqual(ids(inbox.news()), [100, 101]);
    assert.deepEqual(inbox.news(), []);
    insert.run(102);
    assert.deepEqual(ids(inbox.news()), [102]);
    assert.deepEqual(ids(inbox.unsettled()), [1, 100, 2, 101, 102]);
  });
});

test("whatever goes wrong is an InboxError that names the file", (t) => {
  const path = newPath(t);
  const inbox = open(t, path);
  const [seq] = inbox.append(updates(1)) as [number];
  inbox.close();
  const deeds: (() => unknown)[] = [
    () => inbox.append(updates(2)),
    () => inbox.record([], [seq]),
    () => inbox.mourn([seq]),
    () => inbox.withdraw([seq]),
    () => inbox.bury(seq, "?"),
    () => inbox.buryUnreadable("?", "?"),
    () => inbox.unsettled(),
    () => inbox.news(),
    () => inbox.clear(),
  ];
  for (const deed of deeds) assert.throws(deed, refusedWith(new RegExp(`the inbox ${path} could not be`)), `${deed}`);
});

test("whether it can be written is found out at once, and without a difference to what is in it", (t) => {
  const path = newPath(t);
  const inbox = open(t, path);
  const [seq] = inbox.append(updates(1));
  inbox.check();
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  assert.throws(
    () => inbox.check(),
    (error) => {
      assert(error instanceof InboxError);
      assert.match(error.message, /could not be written: database is locked; another process keeps it locked$/);
      return true;
    },
  );
  other.exec("ROLLBACK");
  other.close();
  inbox.check();
  assert.deepEqual(
    inbox.unsettled().map((entry) => entry.seq),
    [seq],
  );
  assert.deepEqual(inbox.news(), []);
});

test("a file that is damaged is an InboxError as well, and the lock is free afterwards", (t) => {
  const path = newPath(t);
  open(t, path).close();
  const database = new DatabaseSync(path);
  database.exec("DROP TABLE seen; CREATE TABLE seen (something)");
  database.close();
  assert.throws(() => open(t, path), refusedWith(/could not be read: no such column/));
  assert.throws(() => open(t, path), refusedWith(/could not be read: no such column/));
});

test("any sequence of deeds and reopenings leaves what a list would hold", () => {
  const deed = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("append" as const), ids: fc.array(fc.nat(60), { maxLength: 8 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.array(fc.nat(), { maxLength: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("bury" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40, size: "max" }), (deeds) => {
      const folder = mkdtempSync(join(tmpdir(), "asgigram-inbox-"));
      const path = join(folder, "inbox.sqlite");
      let inbox = new SqliteInbox(path, BOT);
      try {
        let list: { seq: number; update_id: number }[] = [];
        const known = new Set<number>();
        for (const deed of deeds) {
          if (deed.do === "append") {
            const seqs = inbox.append(updates(...deed.ids));
            for (const [i, update_id] of deed.ids.entries()) {
              assert.equal(seqs[i] === undefined, known.has(update_id));
              known.add(update_id);
              if (seqs[i] !== undefined) list.push({ seq: seqs[i], update_id });
            }
          } else if (deed.do === "settle") {
            const seqs = deed.which.map((which) => list[which % list.length]?.seq ?? 0);
            inbox.record([], seqs);
            list = list.filter(({ seq }) => !seqs.includes(seq));
          } else if (deed.do === "bury") {
            const seq = list[deed.which % list.length]?.seq ?? 0;
            inbox.bury(seq, "?");
            list = list.filter((entry) => entry.seq !== seq);
          } else {
            inbox.close();
            inbox = new SqliteInbox(path, BOT);
          }
          assert.deepEqual(
            inbox.unsettled().map(({ seq, update_id }) => ({ seq, update_id })),
            list,
          );
        }
      } finally {
        inbox.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 30 },
  );
});

test("kill -9 at any moment loses nothing that was appended, and undoes and repeats nothing that was recorded", async (t) => {
  const path = newPath(t);
  const appender = resolve(import.meta.dirname, "fixtures/appender.ts");
  let promised = new Set<number>();
  const begun = new Set<number>();
  let next = 1;
  for (let life = 0; life < 6; life++) {
    const child = spawn(process.execPath, [appender, path, `${next}`], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => child.kill("SIGKILL"));
    const steps = Math.ceil(Math.random() * 60);
    let step = 0;
    /** What it was about to settle when it died: that may have been done, but then all of it. */
    let underWay: number[] = [];
    // What was printed before the death is read to the end: those are promises, too.
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as Partial<Record<"appended" | "begun" | "settling" | "settled", number[]>>;
      for (const id of said.appended ?? []) promised.add(id);
      for (const id of said.begun ?? []) begun.add(id);
      for (const id of said.settled ?? []) promised.delete(id);
      underWay = said.settling ?? [];
      if (++step === steps) child.kill("SIGKILL");
    }
    const inbox = new SqliteInbox(path, BOT);
    const entries = inbox.unsettled();
    const found = ids(entries);
    for (const { update_id, attempts } of entries) {
      const could = promised.has(update_id) && begun.has(update_id) ? [1] : [0, 1];
      assert.ok(could.includes(attempts), `${update_id} has been begun ${attempts} times`);
    }
    assert.deepEqual(
      found,
      [...new Set(found)].sort((one, other) => one - other),
      "in order, and once",
    );
    const isDone = underWay.length > 0 && !found.includes(underWay[0]!);
    for (const id of isDone ? underWay : []) promised.delete(id);
    const missing = [...promised].filter((id) => !found.includes(id));
    assert.deepEqual(missing, [], `missing after ${steps} steps of life ${life}`);
    const surplus = found.filter((id) => !promised.has(id));
    assert.ok(surplus.length <= 100, `more than the batch that was under way: ${surplus}`);
    assert.ok(
      inbox.append(updates(...found)).every((seq) => seq === undefined),
      "what is there is known",
    );
    inbox.close();
    promised = new Set(found);
    next = 1 + Math.max(0, ...found);
  }
});
