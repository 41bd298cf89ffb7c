import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { FlushThread } from "../../src/inbox/flush-thread.ts";
import { type DeadLetterLimits, SqliteInbox } from "../../src/inbox/sqlite.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { shardOfKey } from "../../src/protocol/shard.ts";
import { startChild } from "../child.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { seeds } from "../seeds.ts";
import { isSettled } from "../settled.ts";
import { DAY, HOUR, keepsTheContract, START, updates } from "./contract.ts";
import { Entries, turn } from "./entries.ts";
import { makeOldInbox } from "./old-inbox.ts";
import { received } from "./received.ts";
import { withoutDisk } from "./without-disk.ts";

const BOT = 1;

withoutDisk();

/** Pause between two looks for retried dead letters: ms. */
const LOOK = 1000;

/** A file in a folder of its own, deleted after the test. */
function newPath(t: TestContext): string {
  const folder = new Folder();
  t.after(() => folder[Symbol.dispose]());
  return folder.join("inbox.sqlite");
}

/** Opens an inbox, and closes it after the test if the test has not. */
function open(t: TestContext, path: string, limits?: DeadLetterLimits): SqliteInbox {
  const inbox = new SqliteInbox(path, BOT, limits && { limits });
  t.after(() => inbox.close().catch(() => {}));
  return inbox;
}

/** Opens an inbox and starts it. */
async function start(t: TestContext, path: string, limits?: DeadLetterLimits) {
  const [inbox, entries] = [open(t, path, limits), new Entries()];
  await inbox.start(entries);
  return { inbox, entries };
}

/** Appends updates with these ids. @returns their numbers */
async function append({ inbox, entries }: { inbox: SqliteInbox; entries: Entries }, ...ids: number[]) {
  const count = entries.all.length;
  await inbox.append(updates(...ids));
  return entries.seqs.slice(count);
}

/** The content of the file for another process. */
function lookInto(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare(sql).all();
  database.close();
  return rows.map((row) => ({ ...row }));
}

interface Row {
  seq: number;
  update_id: number;
  attempts: number;
  deaths: number;
  orphaned: number;
}

/** The unsettled events, with the ledger taken over. */
async function unsettled(inbox: SqliteInbox, path: string): Promise<Row[]> {
  await inbox.check();
  return inFile(path);
}

const inFile = (path: string) =>
  lookInto(path, "SELECT seq, update_id, attempts, deaths, orphaned FROM event ORDER BY seq") as unknown as Row[];

function refusedWith(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof InboxError, String(error));
    assert.match(error.message, message);
    return true;
  };
}

const ids = (rows: { update_id: number }[]) => rows.map(({ update_id }) => update_id);

const letter = (seq: number, reason = "?", log = "") => turn({ deadLettered: [{ seq, reason, log }] });

keepsTheContract((t) => open(t, newPath(t)));

describe("append() and the disk", () => {
  /** Flushes in this test wait until they are let go. @returns the flushes in order */
  function holdDisk(t: TestContext): PromiseWithResolvers<void>[] {
    const flushes: PromiseWithResolvers<void>[] = [];
    t.mock.method(FlushThread.prototype, "flush", () => {
      const flush = Promise.withResolvers<void>();
      flushes.push(flush);
      return flush.promise;
    });
    return flushes;
  }

  test("append() resolves when the write-ahead log is flushed, and not before", async (t) => {
    const { inbox, entries } = await start(t, newPath(t));
    const flushes = holdDisk(t);
    const appended = inbox.append(updates(1));
    assert.deepEqual(entries.ids, [1], "its entries do not wait for the disk");
    assert.equal(await isSettled(appended), false);
    flushes[0]!.resolve();
    assert.equal(await appended, 1);
    assert.equal(flushes.length, 1);
  });

  test("append() waits for a flush that is asked for after its commit", async (t) => {
    const inbox = open(t, newPath(t));
    const flushes = holdDisk(t);
    const one = inbox.append(updates(1));
    const [two, known] = [inbox.append(updates(2)), inbox.append(updates(1))];
    flushes[0]!.resolve();
    assert.equal(await one, 1);
    assert.deepEqual([await isSettled(two), await isSettled(known)], [false, false]);
    for (const flush of flushes) flush.resolve();
    assert.deepEqual([await two, await known], [1, 0]);
  });

  test("one flush is enough for everything that was committed before", async (t) => {
    const opened = await start(t, newPath(t));
    const [one, two] = (await append(opened, 1, 2)) as [number, number];
    const flush = t.mock.method(FlushThread.prototype, "flush", async () => {});
    opened.inbox.record(letter(one));
    opened.inbox.record(letter(two));
    await append(opened, 3);
    assert.equal(flush.mock.callCount(), 1);
    await append(opened, 4);
    assert.equal(flush.mock.callCount(), 2);
  });

  test("append() rejects if the disk fails", async (t) => {
    const inbox = open(t, newPath(t));
    const flushes = holdDisk(t);
    const appended = inbox.append(updates(1));
    flushes[0]!.reject(Object.assign(new Error("i/o error, fdatasync"), { code: "EIO" }));
    await assert.rejects(appended, refusedWith(/^the inbox .* could not be written: i\/o error, fdatasync; /));
  });

  test("the thread that flushes starts as the inbox is opened, and ends as it is closed", async (t) => {
    const steps: string[] = [];
    t.mock.method(FlushThread.prototype, "start", () => steps.push("start"));
    t.mock.method(FlushThread.prototype, "close", async () => steps.push("close"));
    const inbox = open(t, newPath(t));
    assert.deepEqual(steps, ["start"]);
    await inbox.close();
    assert.deepEqual(steps, ["start", "close"]);
  });
});

describe("an appended update", () => {
  test("it is there in order, as it came, until it is settled", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const opened = await start(t, path);
    const { inbox } = opened;
    const [one, two, three] = (await append(opened, 7, 5, 6)) as [number, number, number];
    assert.deepEqual(
      lookInto(path, "SELECT seq, update_id, body, attempts, deaths, orphaned, received_at FROM event ORDER BY seq"),
      [one, two, three].map((seq, i) => {
        const { update_id, body } = updates(7, 5, 6)[i]!;
        return { seq, update_id, body, attempts: 0, deaths: 0, orphaned: 0, received_at: START };
      }),
    );
    inbox.record(turn({ settled: [two] }));
    assert.deepEqual(ids(await unsettled(inbox, path)), [7, 6]);
    inbox.record(turn({ settled: [three, one] }));
    assert.deepEqual(await unsettled(inbox, path), []);
  });

  test("it is handed over, in order, when the file is opened again; a settled one is not, and stays known", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const first = await start(t, path);
    const seqs = await append(first, 30, 10, 20, 40);
    first.inbox.record(turn({ begun: [{ seq: seqs[2]!, alone: false }], settled: [seqs[1]!] }));
    await first.inbox.close();
    t.mock.timers.setTime(START + HOUR);
    const [inbox, entries] = [open(t, path), new Entries()];
    assert.equal(await inbox.start(entries), 3);
    const counts = { deaths: 0, orphaned: 0, received_at: START };
    assert.deepEqual(
      entries.all,
      updates(30, 20, 40).map((update, i) => {
        const body = { body: undefined, size: Buffer.byteLength(update.body) };
        const seq = seqs[[0, 2, 3][i]!];
        return { ...update, ...body, seq, origin: "recovered", attempts: i === 1 ? 1 : 0, ...counts };
      }),
    );
    assert.deepEqual(await inbox.read([seqs[2]!]), new Map([[seqs[2], updates(20)[0]!.body]]));
    assert.equal(await inbox.append(updates(10, 20, 30, 40)), 0);
    assert.equal(entries.all.length, 3);
  });

  test("it never gets a number that another has had, also when the file is opened again", async (t) => {
    const path = newPath(t);
    const first = await start(t, path);
    const seqs = await append(first, 1, 2);
    first.inbox.record(turn({ settled: seqs }));
    await append(first, 3);
    await first.inbox.clear();
    await first.inbox.close();
    const [seq] = await append(await start(t, path), 4);
    assert.ok(seq! > seqs.at(-1)! + 1);
  });

  test("a batch is stored whole or not at all: an update that could not be stored is not known, nor handed over", async (t) => {
    const path = newPath(t);
    const { inbox, entries } = await start(t, path);
    const [good, bad] = updates(1, 2) as [ReturnType<typeof updates>[number], object];
    const broken = { ...bad, body: undefined } as unknown as typeof good;
    await assert.rejects(inbox.append([good, broken]), refusedWith(/could not be written/));
    assert.deepEqual(inFile(path), []);
    assert.deepEqual(entries.all, []);
    assert.equal(await inbox.append(updates(1, 2)), 2);
    assert.deepEqual(entries.ids, [1, 2]);
  });

  test("clear() drops all of them or those from before a time, and they stay known", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const inbox = open(t, path);
    await inbox.append(updates(1, 2));
    t.mock.timers.setTime(START + HOUR);
    await inbox.append(updates(3));
    assert.equal(await inbox.clear(START + 1), 2);
    assert.deepEqual(ids(await unsettled(inbox, path)), [3]);
    assert.equal(await inbox.clear(), 1);
    assert.equal(await inbox.clear(), 0);
    assert.equal(await inbox.append(updates(1, 2, 3)), 0);
  });

  test("it leaves few rows behind, however many there were", async (t) => {
    // Not setInterval: it would fire for each second of 200 hours.
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const opened = await start(t, path);
    for (let hour = 0; hour < 200; hour++) {
      t.mock.timers.setTime(START + hour * HOUR);
      const batch = Array.from({ length: 50 }, (_, i) => 1 + hour * 50 + i);
      opened.inbox.record(turn({ settled: await append(opened, ...batch) }));
    }
    assert.equal(opened.entries.all.length, 10_000);
    const [{ count }] = lookInto(path, "SELECT count(*) AS count FROM seen") as [{ count: number }];
    assert.ok(count <= 50, `${count} rows`);
    assert.deepEqual(await unsettled(opened.inbox, path), []);
  });

  test("its id is new again after a quiet week, also where the process was another one then", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const first = open(t, path);
    await first.append(updates(1, 2, 3, 10, 11));
    await first.close();
    t.mock.timers.setTime(START + 8 * DAY);
    const second = open(t, path);
    assert.equal(await second.append(updates(11, 3, 2)), 3);
    await second.close();
    assert.equal(await open(t, path).append(updates(2, 3, 11)), 0);
  });
});

describe("a start with more than a page of events", () => {
  const IDS = Array.from({ length: 25_000 }, (_, i) => i + 1);

  /** An inbox with these events, as an earlier process left it. */
  async function left(t: TestContext): Promise<string> {
    const path = newPath(t);
    const inbox = open(t, path);
    await inbox.append(updates(...IDS));
    await inbox.close();
    return path;
  }

  test("hands over each event once, in order, and lets the first ones be settled meanwhile", async (t) => {
    const path = await left(t);
    const [inbox, entries] = [open(t, path), new Entries()];
    const portions: number[] = [];
    let count = 0;
    setImmediate(function settle() {
      const seqs = entries.seqs.slice(count);
      if (seqs.length > 0) portions.push(seqs.length);
      count += seqs.length;
      inbox.record(turn({ begun: seqs.map((seq) => ({ seq, alone: false })), settled: seqs }));
      if (count < IDS.length) setImmediate(settle);
    });
    assert.equal(await inbox.start(entries), IDS.length);
    assert.ok(portions.length > 1, `${portions}`);
    assert.deepEqual(entries.ids, IDS);
    assert.equal(await inbox.append(updates(1, 25_000, 25_001)), 1);
    assert.deepEqual(ids(await unsettled(inbox, path)), [25_001]);
  });

  test("ends when the inbox is closed", async (t) => {
    const path = await left(t);
    const [inbox, entries] = [open(t, path), new Entries()];
    const started = inbox.start(entries);
    while (entries.all.length === 0) await new Promise(setImmediate);
    await inbox.close();
    const count = await started;
    assert.ok(count < IDS.length, `${count}`);
    assert.equal(entries.all.length, count);
  });
});

describe("the counts of an event", () => {
  /** The counts of the only event in the file. */
  async function countsIn(inbox: SqliteInbox, path: string) {
    const [{ attempts, deaths, orphaned }] = (await unsettled(inbox, path)) as [Row];
    return { attempts, deaths, orphaned };
  }

  test("beginnings, deaths of workers, and withdrawals are counted", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const { inbox } = opened;
    const [seq] = (await append(opened, 1)) as [number];
    inbox.record(turn({ begun: [{ seq, alone: false }] }));
    inbox.record(turn({ begun: [{ seq, alone: true }] }));
    assert.deepEqual(await countsIn(inbox, path), { attempts: 2, deaths: 0, orphaned: 0 });
    inbox.record(turn({ died: [seq] }));
    assert.deepEqual(await countsIn(inbox, path), { attempts: 2, deaths: 1, orphaned: 0 });
    inbox.record(turn({ withdrawn: [seq] }));
    assert.deepEqual(await countsIn(inbox, path), { attempts: 1, deaths: 1, orphaned: 0 });
  });

  test("facts of one turn are counted after its beginnings", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const { inbox } = opened;
    const [one, two, three] = (await append(opened, 1, 2, 3)) as [number, number, number];
    const begun = [one, two, three].map((seq) => ({ seq, alone: true }));
    const dead = { seq: three, reason: "?", log: "" };
    inbox.record(turn({ begun, died: [one], withdrawn: [two], deadLettered: [dead] }));
    assert.deepEqual(
      (await unsettled(inbox, path)).map(({ seq, attempts, deaths }) => ({ seq, attempts, deaths })),
      [
        { seq: one, attempts: 1, deaths: 1 },
        { seq: two, attempts: 0, deaths: 0 },
      ],
    );
    assert.deepEqual(lookInto(path, "SELECT attempts FROM dead_letter"), [{ attempts: 1 }]);
    await inbox.close();
    const { entries } = await start(t, path);
    assert.deepEqual(
      entries.all.map(({ orphaned }) => orphaned),
      [0, 0],
      "neither is alone at a worker any more",
    );
  });

  test("the end of the process is counted for an event that was alone at its worker, and for no other", async (t) => {
    const path = newPath(t);
    const reopened = async (last: SqliteInbox) => {
      await last.close();
      const { inbox, entries } = await start(t, path);
      const [{ attempts, deaths, orphaned }] = entries.all as readonly Row[] as [Row];
      return { inbox, counts: { attempts, deaths, orphaned } };
    };
    const opened = await start(t, path);
    const [seq] = (await append(opened, 1)) as [number];
    opened.inbox.record(turn({ begun: [{ seq, alone: false }] }));
    let { inbox, counts } = await reopened(opened.inbox);
    assert.deepEqual(counts, { attempts: 1, deaths: 0, orphaned: 0 });
    inbox.record(turn({ begun: [{ seq, alone: true }] }));
    ({ inbox, counts } = await reopened(inbox));
    assert.deepEqual(counts, { attempts: 2, deaths: 0, orphaned: 1 });
    ({ inbox, counts } = await reopened(inbox));
    assert.equal(counts.orphaned, 1);
    for (const end of [{ died: [seq] }, { withdrawn: [seq] }]) {
      inbox.record(turn({ begun: [{ seq, alone: true }] }));
      inbox.record(turn(end));
      ({ inbox, counts } = await reopened(inbox));
      assert.equal(counts.orphaned, 1);
    }
  });
});

describe("between two transactions", () => {
  test("facts are in the ledger, and taken over at the next look for retried dead letters", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const path = newPath(t);
    const opened = await start(t, path);
    const [one, two, three] = (await append(opened, 1, 2, 3)) as [number, number, number];
    const begun = [one, two].map((seq) => ({ seq, alone: false }));
    opened.inbox.record(turn({ begun, settled: [one] }));
    await append(opened, 4);
    assert.deepEqual(
      inFile(path).map(({ attempts }) => attempts),
      [0, 0, 0, 0],
    );
    t.mock.timers.tick(LOOK);
    assert.deepEqual(
      inFile(path).map(({ seq, attempts }) => ({ seq, attempts })),
      [two, three, three + 1].map((seq) => ({ seq, attempts: seq === two ? 1 : 0 })),
    );
  });

  test("no more facts collect than the ledger has room for", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const seqs = await append(opened, ...Array.from({ length: 5000 }, (_, i) => i));
    for (const seq of seqs) opened.inbox.record(turn({ begun: [{ seq, alone: false }], settled: [seq] }));
    assert.ok(inFile(path).length < 3000, `${inFile(path).length} are still there`);
  });

  test("a death right after the database has taken over repeats nothing", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const [one, two] = (await append(opened, 1, 2)) as [number, number];
    opened.inbox.record(turn({ begun: [{ seq: one, alone: false }], settled: [two] }));
    opened.inbox.record(turn({ died: [one] }));
    // Nothing has been written to the ledger since: a process that died here would leave it so.
    const left = readFileSync(`${path}-ledger`);
    assert.ok(left.length > 0);
    await opened.inbox.close();
    writeFileSync(`${path}-ledger`, left);
    const { entries } = await start(t, path);
    assert.deepEqual(
      entries.all.map(({ seq, attempts, deaths }) => ({ seq, attempts, deaths })),
      [{ seq: one, attempts: 1, deaths: 1 }],
    );
  });

  test("the ledger of another time, as beside a copy that is put back, has no effect", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const { inbox } = opened;
    await append(opened, 1, 2);
    await inbox.check();
    const copy = readFileSync(path);
    const log = readFileSync(`${path}-wal`);
    await inbox.check();
    const [three] = (await append(opened, 3)) as [number];
    inbox.record(turn({ settled: [three] }));
    await inbox.check();
    inbox.record(turn({ begun: [{ seq: 1, alone: false }], settled: [2] }));
    const ledger = readFileSync(`${path}-ledger`);
    await inbox.close();
    writeFileSync(path, copy);
    writeFileSync(`${path}-wal`, log);
    writeFileSync(`${path}-ledger`, ledger);
    const { entries } = await start(t, path);
    assert.deepEqual(entries.ids, [1, 2]);
  });

  test("lines behind a hole are not found again when the hole is filled", async (t) => {
    const path = newPath(t);
    const files = ["", "-wal", "-ledger"].map((suffix) => `${path}${suffix}`);
    /** Leaves the files as a process does that dies at this moment. */
    const die = async (inbox: SqliteInbox, spoil: (ledger: Buffer) => void = () => {}) => {
      const left = files.map((file) => readFileSync(file));
      spoil(left[2]!);
      await inbox.close();
      for (const [i, file] of files.entries()) writeFileSync(file, left[i]!);
    };
    const first = await start(t, path);
    const [one, two, three] = (await append(first, 1, 2, 3)) as [number, number, number];
    first.inbox.record(turn({ settled: [one] }));
    first.inbox.record(turn({ settled: [two] }));
    // A disk need not have written what came first.
    await die(first.inbox, (ledger) => ledger.fill(0, 0, 16));
    const second = await start(t, path);
    assert.deepEqual(second.entries.ids, [1, 2, 3]);
    second.inbox.record(turn({ settled: [three] }));
    await die(second.inbox);
    assert.deepEqual((await start(t, path)).entries.ids, [1, 2]);
  });

  test("a ledger that is lost costs second deliveries, and nothing else", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path);
    const { inbox } = opened;
    const [one] = (await append(opened, 1, 2)) as [number];
    inbox.record(turn({ settled: [one] }));
    rmSync(`${path}-ledger`);
    assert.deepEqual(ids(await unsettled(inbox, path)), [2]);
    inbox.record(turn({ settled: [one + 1] }));
    await inbox.close();
    const again = await start(t, path);
    assert.deepEqual(again.entries.all, []);
    assert.equal(await again.inbox.append(updates(1, 2)), 0);
  });

  test("an error of the ledger has the inbox's name", (t) => {
    const path = newPath(t);
    mkdirSync(`${path}-ledger`);
    const refused = refusedWith(new RegExp(`^the inbox ${path} could not be opened: EISDIR: .*${path}-ledger'`));
    assert.throws(() => open(t, path), refused);
    assert.throws(() => open(t, path), refused, "and the lock is free afterwards");
  });
});

describe("a dead letter", () => {
  test("it is the event with the facts of its end, and not unsettled any more", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const opened = await start(t, path);
    const [seq] = (await append(opened, 1, 2)) as [number, number];
    opened.inbox.record(turn({ begun: [{ seq, alone: false }] }));
    t.mock.timers.setTime(START + HOUR);
    opened.inbox.record(letter(seq, "Error: it threw", "last words"));
    assert.deepEqual(ids(await unsettled(opened.inbox, path)), [2]);
    const [{ id: _, ...row }] = lookInto(path, "SELECT * FROM dead_letter") as [Record<string, unknown>];
    const facts = { reason: "Error: it threw", log: "last words", received_at: START, died_at: START + HOUR };
    assert.deepEqual(row, { ...updates(1)[0]!, hash: null, attempts: 1, saved: null, ...facts });
  });

  test("it may be input that is no update", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    inbox.deadLetterUnreadable('{"id":1}', "it has no update_id");
    const [row] = lookInto(path, "SELECT update_id, body, attempts, reason, log FROM dead_letter");
    assert.deepEqual(row, {
      update_id: null,
      body: '{"id":1}',
      attempts: 0,
      reason: "it has no update_id",
      log: "",
    });
    assert.deepEqual(await unsettled(inbox, path), []);
  });

  test("it is given up for newer ones when there are more than are kept, or when it is old", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: START });
    const path = newPath(t);
    const opened = await start(t, path, { count: 3, age: DAY });
    const kept = () =>
      lookInto(path, "SELECT update_id FROM dead_letter ORDER BY id").map(({ update_id }) => update_id);
    const seqs = await append(opened, 1, 2, 3, 4, 5);
    for (const seq of seqs.slice(0, 4)) opened.inbox.record(letter(seq));
    assert.deepEqual(kept(), [2, 3, 4]);
    t.mock.timers.setTime(START + DAY + 1);
    opened.inbox.record(letter(seqs[4]!));
    assert.deepEqual(kept(), [5]);
  });
});

describe("input that is no update", () => {
  const bodies = (path: string) => lookInto(path, "SELECT body FROM dead_letter ORDER BY id").map(({ body }) => body);

  test("the same input is one dead letter, however often it comes, until a person drops it", async (t) => {
    const path = newPath(t);
    const { inbox } = await start(t, path);
    assert.deepEqual([inbox.deadLetterUnreadable("[1]", "?"), inbox.deadLetterUnreadable("[2]", "?")], [true, true]);
    for (let again = 0; again < 3; again++) assert.equal(inbox.deadLetterUnreadable("[1]", "?"), false);
    await inbox.close();
    const next = await start(t, path);
    assert.equal(next.inbox.deadLetterUnreadable("[1]", "?"), false);
    assert.deepEqual(bodies(path), ["[1]", "[2]"]);
    const letters = new DeadLetters(path);
    letters.drop({});
    letters.close();
    assert.equal(next.inbox.deadLetterUnreadable("[1]", "?"), true);
  });

  test("a hundred of them are kept, the newest, and they displace no other dead letter", async (t) => {
    const path = newPath(t);
    const opened = await start(t, path, { count: 105, age: DAY });
    for (const seq of await append(opened, 1, 2, 3)) opened.inbox.record(letter(seq));
    for (let i = 0; i < 250; i++) opened.inbox.deadLetterUnreadable(`[${i}]`, "?");
    assert.deepEqual(bodies(path), [
      ...updates(1, 2, 3).map(({ body }) => body),
      ...Array.from({ length: 100 }, (_, i) => `[${i + 150}]`),
    ]);
  });
});

describe("a body that is damaged", () => {
  /** Overwrites the body of an event. */
  function damage(path: string, update_id: number, body: string | Buffer): void {
    const database = new DatabaseSync(path);
    database.prepare("UPDATE event SET body = ? WHERE update_id = ?").run(body, update_id);
    database.close();
  }

  test("its event is a dead letter when it is read, the receiver hears of it, and the others are read", async (t) => {
    const path = newPath(t);
    const first = await start(t, path);
    await append(first, 1, 2, 3, 4);
    first.inbox.record(turn({ begun: [{ seq: 2, alone: false }] }));
    await first.inbox.close();
    damage(path, 2, '{"update_id":2,"mess');
    damage(path, 3, Buffer.from([0xff, 0xfe]));
    const { inbox, entries } = await start(t, path);
    assert.deepEqual(entries.ids, [1, 2, 3, 4], "a start reads no body");
    const found = await inbox.read(entries.seqs);
    assert.deepEqual([...found.keys()], [1, 4]);
    assert.deepEqual(entries.unreadable, [2, 3]);
    const dead = lookInto(path, "SELECT update_id, attempts, reason FROM dead_letter ORDER BY id");
    const reason = "its stored body cannot be read";
    assert.deepEqual(dead, [
      { update_id: 2, attempts: 1, reason },
      { update_id: 3, attempts: 0, reason },
    ]);
    assert.deepEqual(ids(await unsettled(inbox, path)), [1, 4]);
    assert.deepEqual(await inbox.read(entries.seqs), found);
  });

  test("those that an older format left are told at the start", async (t) => {
    const path = newPath(t);
    makeOldInbox(path, BOT, "{", '{"poll":{}}');
    const { entries } = await start(t, path);
    assert.deepEqual([entries.unreadable, entries.ids], [[10], [11]]);
  });
});

describe("updates that the file lacks", () => {
  /** Leaves the files as a process does that is killed now, but for what the test spoils. */
  async function die(inbox: SqliteInbox, path: string, spoil: () => void): Promise<void> {
    const files = ["", "-wal", "-ledger"].map((suffix) => `${path}${suffix}`);
    const left = files.map((file) => readFileSync(file));
    await inbox.close();
    for (const [i, file] of files.entries()) writeFileSync(file, left[i]!);
    spoil();
  }

  test("a log that was cut below what the disk had is told at the start, once", async (t) => {
    const path = newPath(t);
    const first = await start(t, path);
    const seqs = await append(first, 1, 2, 3);
    const { size } = statSync(`${path}-wal`);
    first.inbox.record(turn({ settled: seqs }));
    await append(first, 4, 5);
    first.inbox.record(turn({ begun: [{ seq: 4, alone: false }] }));
    await die(first.inbox, path, () => truncateSync(`${path}-wal`, size));
    const second = await start(t, path);
    assert.equal(second.entries.lost, 2);
    await append(second, 6);
    second.inbox.record(turn({ settled: second.entries.seqs }));
    await die(second.inbox, path, () => {});
    assert.equal((await start(t, path)).entries.lost, 0);
  });

  test("a file that was removed while its ledger stayed is told", async (t) => {
    const path = newPath(t);
    const first = await start(t, path);
    first.inbox.record(turn({ settled: await append(first, 1, 2, 3) }));
    await first.inbox.close();
    rmSync(path);
    const second = await start(t, path);
    assert.deepEqual([second.entries.lost, second.entries.ids], [3, []]);
  });

  test("nothing is told after a kill, a stop, and a quiet hour", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const path = newPath(t);
    const first = await start(t, path);
    await append(first, 1, 2);
    await die(first.inbox, path, () => {});
    const second = await start(t, path);
    await append(second, 3);
    t.mock.timers.tick(LOOK);
    t.mock.timers.tick(LOOK);
    await second.inbox.close();
    const third = await start(t, path);
    assert.deepEqual([second.entries.lost, third.entries.lost], [0, 0]);
  });

  test("what was flushed in a quiet hour is noticed, too", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const path = newPath(t);
    const first = await start(t, path);
    await append(first, 1, 2);
    t.mock.timers.tick(LOOK);
    await die(first.inbox, path, () => truncateSync(`${path}-wal`, 0));
    assert.ok((await start(t, path)).entries.lost > 0);
  });
});

describe("the owner of the file", () => {
  test("one process has it at a time: this one", async (t) => {
    const path = newPath(t);
    const first = open(t, path);
    assert.throws(() => open(t, path), refusedWith(/in use by another process.*--inbox/));
    await first.append(updates(1));
    await first.close();
    assert.deepEqual((await start(t, path)).entries.ids, [1]);
  });

  test("one process has it at a time: another one, until that is dead, however it dies", async (t) => {
    const path = newPath(t);
    await open(t, path).close();
    const holder = startChild(process.execPath, [resolve(import.meta.dirname, "fixtures/holder.ts"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => holder.kill("SIGKILL"));
    await once(holder.stdout!, "data");
    assert.throws(() => open(t, path), refusedWith(/in use by another process/));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    open(t, path);
  });

  test("one bot has it", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    await inbox.append(updates(1));
    await inbox.close();
    assert.throws(() => new SqliteInbox(path, 2), refusedWith(/belongs to bot 1, not to 2.*--inbox/));
    assert.deepEqual((await start(t, path)).entries.ids, [1]);
  });

  test("with another --line it hands over what is stored, and what is retried, by the lines of this one", async (t) => {
    const path = newPath(t);
    const message = (update_id: number, from: number) => {
      const update = { update_id, message: { chat: { id: -5, type: "group" }, from: { id: from } } };
      return received(update);
    };
    const before = await start(t, path);
    await before.inbox.append([message(1, 7), message(2, 8), message(3, 7)]);
    before.inbox.record(turn({ deadLettered: [{ seq: 1, reason: "it threw", log: "" }] }));
    await before.inbox.close();
    const inbox = new SqliteInbox(path, BOT, { line: "member" });
    t.after(() => inbox.close());
    const entries = new Entries();
    await inbox.start(entries);
    const letters = new DeadLetters(path);
    letters.retry([1]);
    letters.close();
    await inbox.append([]);
    const lines = [8, 7, 7].map((from) => `chat:-5/member:${from}`);
    assert.deepEqual(
      entries.all.map(({ line, shard }) => [line, shard]),
      lines.map((line) => [line, shardOfKey(line)]),
    );
    assert.deepEqual(entries.ids, [2, 3, 1]);
  });

  test("the file of a newer asgigram is refused", async (t) => {
    const path = newPath(t);
    await open(t, path).close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => open(t, path), refusedWith(/written by a newer asgigram \(format 99/));
  });

  test("a file that is no database is refused", (t) => {
    const path = newPath(t);
    writeFileSync(path, "This is a letter, and no database. ".repeat(100));
    assert.throws(() => open(t, path), refusedWith(/not a database/));
    rmSync(path);
    open(t, path);
  });

  test("the folder must be there", (t) => {
    const path = newPath(t);
    writeFileSync(path, "");
    const folder = `${path}-folder`;
    mkdirSync(folder);
    assert.throws(() => open(t, join(path, "inbox.sqlite")), refusedWith(/./));
    assert.throws(() => open(t, join(path, "..", "nowhere", "inbox.sqlite")), refusedWith(/does not exist; create it/));
    assert.throws(() => open(t, folder), refusedWith(/is a folder/));
  });

  for (const suffix of ["", "-wal", "-shm", "-ledger", "-lock"]) {
    test(`a file that has been removed is reported at the next look: inbox.sqlite${suffix}`, async (t) => {
      t.mock.timers.enable({ apis: ["setInterval"] });
      const path = newPath(t);
      const opened = await start(t, path);
      const { entries } = opened;
      await append(opened, 1);
      t.mock.timers.tick(LOOK);
      assert.deepEqual(entries.errors, []);
      rmSync(`${path}${suffix}`);
      t.mock.timers.tick(LOOK);
      assert.equal(entries.errors.length, 1);
      refusedWith(new RegExp(`inbox.sqlite${suffix}, a file of the inbox, has been removed or replaced`))(
        entries.errors[0],
      );
    });
  }

  test("nobody else may read its files", async (t) => {
    if (process.platform === "win32") return t.skip("Windows has no such modes");
    const path = newPath(t);
    const opened = await start(t, path);
    opened.inbox.record(turn({ settled: await append(opened, 1) }));
    for (const file of readdirSync(dirname(path))) {
      assert.equal((statSync(join(dirname(path), file)).mode & 0o777).toString(8), "600", file);
    }
  });
});

describe("other processes", () => {
  test("they can look in while the file is used, and do not hold it up", async (t) => {
    const path = newPath(t);
    const inbox = open(t, path);
    await inbox.append(updates(1, 2));
    const reader = new DatabaseSync(path, { readOnly: true });
    t.after(() => reader.close());
    reader.exec("BEGIN");
    const count = () => (reader.prepare("SELECT count(*) AS count FROM event").get() as { count: number }).count;
    assert.equal(count(), 2);
    await inbox.append(updates(3));
    assert.equal(count(), 2);
    reader.exec("COMMIT");
    assert.equal(count(), 3);
  });

  /** Puts events in as `asgigram inbox retry` does. */
  function inserter(t: TestContext, path: string): (update_id: number) => void {
    const other = new DatabaseSync(path);
    t.after(() => other.close());
    const insert = other.prepare(
      "INSERT INTO event (update_id, kind, line, shard, chat, received_at, body) VALUES (?, 'poll', 'user:1', 0, 1, 0, '{}')",
    );
    return (update_id) => void insert.run(update_id);
  }

  test("they can put events in, which arrive once and in the order of their numbers among those that are appended", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const path = newPath(t);
    const { inbox, entries } = await start(t, path);
    const insert = inserter(t, path);
    await inbox.append(updates(1));
    insert(100);
    await inbox.append(updates(2));
    insert(101);
    assert.deepEqual(entries.ids, [1, 100, 2]);
    t.mock.timers.tick(LOOK);
    assert.deepEqual(entries.ids, [1, 100, 2, 101]);
    t.mock.timers.tick(LOOK);
    assert.equal(entries.all.length, 4);
    insert(102);
    t.mock.timers.tick(LOOK);
    assert.deepEqual(entries.ids, [1, 100, 2, 101, 102]);
    assert.deepEqual(
      entries.all.map(({ origin }) => origin),
      ["received", "retried", "received", "retried", "retried"],
    );
    const rows = await unsettled(inbox, path);
    assert.deepEqual(ids(rows), [1, 100, 2, 101, 102]);
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      entries.seqs,
    );
    assert.deepEqual(entries.errors, []);
  });

  test("an event that they put in arrives although a batch fails that would have brought it", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const path = newPath(t);
    const { inbox, entries } = await start(t, path);
    inserter(t, path)(100);
    const broken = { ...updates(1)[0]!, body: undefined } as unknown as ReturnType<typeof updates>[number];
    await assert.rejects(inbox.append([broken]), refusedWith(/could not be written/));
    assert.deepEqual(entries.all, []);
    t.mock.timers.tick(LOOK);
    assert.deepEqual(entries.ids, [100]);
  });
});

test("every failure is an InboxError that names the file", async (t) => {
  const path = newPath(t);
  const opened = await start(t, path);
  const { inbox } = opened;
  const [seq] = (await append(opened, 1)) as [number];
  await inbox.close();
  const deeds: (() => unknown)[] = [
    () => inbox.append(updates(2)),
    () => inbox.record(turn({ begun: [{ seq, alone: false }] })),
    () => inbox.record(turn({ settled: [seq] })),
    () => inbox.record(turn({ died: [seq] })),
    () => inbox.record(turn({ withdrawn: [seq] })),
    () => inbox.record(letter(seq)),
    () => inbox.deadLetterUnreadable("?", "?"),
    () => inbox.read([seq]),
    () => inbox.start(new Entries()),
    () => inbox.clear(),
  ];
  for (const deed of deeds) {
    await assert.rejects(async () => deed(), refusedWith(new RegExp(`the inbox ${path} could not be`)), `${deed}`);
  }
});

test("check() says at once whether the file can be written, and changes nothing in it", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const path = newPath(t);
  const { inbox, entries } = await start(t, path);
  await inbox.append(updates(1));
  await inbox.check();
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  await assert.rejects(inbox.check(), (error) => {
    assert(error instanceof InboxError);
    assert.match(error.message, /could not be written: database is locked; another process keeps it locked$/);
    return true;
  });
  other.exec("ROLLBACK");
  other.close();
  await inbox.check();
  assert.deepEqual(
    (await unsettled(inbox, path)).map(({ seq }) => seq),
    entries.seqs,
  );
  t.mock.timers.tick(LOOK);
  assert.equal(entries.all.length, 1);
});

test("a damaged file is an InboxError as well, and the lock is free afterwards", async (t) => {
  const path = newPath(t);
  await open(t, path).close();
  const database = new DatabaseSync(path);
  database.exec("DROP TABLE seen; CREATE TABLE seen (something)");
  database.close();
  assert.throws(() => open(t, path), refusedWith(/could not be read: no such column/));
  assert.throws(() => open(t, path), refusedWith(/could not be read: no such column/));
});

test("any sequence of actions and reopenings leaves what a list would hold", async () => {
  const action = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("append" as const), ids: fc.array(fc.nat(60), { maxLength: 8 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.array(fc.nat(), { maxLength: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("dead-letter" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40, size: "max" }), async (actions) => {
      using folder = new Folder();
      const path = folder.join("inbox.sqlite");
      let inbox = new SqliteInbox(path, BOT);
      let entries = new Entries();
      await inbox.start(entries);
      try {
        let list: { seq: number; update_id: number }[] = [];
        const known = new Set<number>();
        const arrived = () => entries.all.map(({ seq, update_id }) => ({ seq, update_id }));
        for (const action of actions) {
          if (action.do === "append") {
            const before = entries.all.length;
            const fresh = [...new Set(action.ids)].filter((id) => !known.has(id));
            assert.equal(await inbox.append(updates(...action.ids)), fresh.length);
            assert.deepEqual(entries.ids.slice(before), fresh);
            for (const id of fresh) known.add(id);
            list.push(...arrived().slice(before));
          } else if (action.do === "settle") {
            const seqs = action.which.map((which) => list[which % list.length]?.seq ?? 0);
            inbox.record(turn({ settled: seqs }));
            list = list.filter(({ seq }) => !seqs.includes(seq));
          } else if (action.do === "dead-letter") {
            const seq = list[action.which % list.length]?.seq ?? 0;
            inbox.record(letter(seq));
            list = list.filter((entry) => entry.seq !== seq);
          } else {
            await inbox.close();
            inbox = new SqliteInbox(path, BOT);
            entries = new Entries();
            assert.equal(await inbox.start(entries), list.length);
            assert.deepEqual(arrived(), list);
          }
          assert.deepEqual(
            (await unsettled(inbox, path)).map(({ seq, update_id }) => ({ seq, update_id })),
            list,
          );
          const bodies = list.map(({ seq, update_id }) => [seq, updates(update_id)[0]!.body] as const);
          assert.deepEqual(await inbox.read(list.map(({ seq }) => seq)), new Map(bodies));
        }
      } finally {
        await inbox.close();
      }
    }),
    { numRuns: 30 },
  );
});

for (const seed of seeds())
  test(`kill -9 at any moment loses nothing that was appended, and undoes and repeats nothing that was recorded (seed ${seed})`, async (t) => {
    const random = new Random(seed);
    const path = newPath(t);
    const appender = resolve(import.meta.dirname, "fixtures/appender.ts");
    let promised = new Set<number>();
    const begun = new Set<number>();
    /** The highest id that is known to be appended. */
    let highest = 0;
    let next = 1;
    for (let life = 0; life < 6; life++) {
      const child = startChild(process.execPath, [appender, path, `${next}`], { stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => child.kill("SIGKILL"));
      const exit = once(child, "exit");
      const steps = random.integer(1, 60);
      let step = 0;
      /** The events that it was about to settle when it died: that may have been done, but then for all of them. */
      let underWay: number[] = [];
      // Lines that were printed before the death are read to the end: those are promises, too.
      for await (const line of createInterface({ input: child.stdout! })) {
        const said = JSON.parse(line) as Partial<Record<"appended" | "begun" | "settling" | "settled", number[]>>;
        for (const id of said.appended ?? []) promised.add(id);
        highest = Math.max(highest, ...(said.appended ?? []));
        for (const id of said.begun ?? []) begun.add(id);
        for (const id of said.settled ?? []) promised.delete(id);
        underWay = said.settling ?? [];
        if (++step === steps) child.kill("SIGKILL");
      }
      assert.deepEqual(await exit, [null, "SIGKILL"]);
      const { inbox, entries } = await start(t, path);
      const found = entries.ids;
      for (const { update_id, attempts } of entries.all) {
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
      const last = highest;
      assert.deepEqual(
        surplus.filter((id) => id <= last || id > last + 100),
        [],
        `more than the batch that was under way after ${last}`,
      );
      assert.equal(await inbox.append(updates(...found)), 0, "the ids of all that is there are known");
      await inbox.close();
      promised = new Set(found);
      highest = Math.max(highest, ...found);
      next = 1 + Math.max(0, ...found);
    }
  });
