/** Stored values in the inbox's file: across processes, with their age, and beside other processes. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox, type SqliteInboxOptions } from "../../src/inbox/sqlite.ts";
import { Folder } from "../folder.ts";
import { START } from "./contract.ts";
import { Entries, turn } from "./entries.ts";
import { received } from "./received.ts";
import { withoutDisk } from "./without-disk.ts";

const BOT = 1;
const SECOND = 1000;

withoutDisk();

/** A file, and the inboxes that one process after another opens. */
function file(t: TestContext) {
  t.mock.timers.enable({ apis: ["Date", "setInterval"], now: START });
  const folder = new Folder();
  t.after(() => folder[Symbol.dispose]());
  const path = folder.join("inbox.sqlite");
  let updates = 0;
  let copies = 0;
  const open = async (options: SqliteInboxOptions = {}, at = path) => {
    const inbox = new SqliteInbox(at, BOT, options);
    t.after(() => inbox.close().catch(() => {}));
    const entries = new Entries();
    await inbox.start(entries);
    /** An event of a chat begins. @returns its number */
    const begin = async (chat = 7): Promise<number> => {
      await inbox.append([
        received({ update_id: ++updates, message: { chat: { id: chat } } } as { update_id: number }),
      ]);
      return entries.seqs.at(-1)!;
    };
    /** An event settles, having written these values. */
    const settle = (seq: number, values: Record<string, unknown>) => {
      const writes = Object.entries(values).map(([key, value]) => {
        return { key, json: value === undefined ? undefined : JSON.stringify(value), seq, line: "chat:7" };
      });
      inbox.record(turn({ settled: [seq], writes }));
    };
    const values = (...keys: string[]) => {
      const found = Array.from(inbox.values(keys), ([key, { json }]) => [key, JSON.parse(json)]);
      return Object.fromEntries(found);
    };
    return { inbox, entries, begin, settle, values };
  };
  /** The value that a process finds if the present one dies now. */
  const afterDeath = async (...keys: string[]) => {
    const copy = folder.join(`copy-${++copies}.sqlite`);
    for (const end of ["", "-wal", "-ledger"]) {
      if (existsSync(path + end)) copyFileSync(path + end, copy + end);
    }
    const { inbox, values, entries } = await open({}, copy);
    const found = { ...values(...keys), unsettled: entries.all.length };
    await inbox.close();
    return found;
  };
  const rows = (columns = "key, line, chat, json") => {
    const database = new DatabaseSync(path, { readOnly: true });
    const found = database.prepare(`SELECT ${columns} FROM stored_value ORDER BY key`).all();
    database.close();
    return found.map((row) => Object.values(row));
  };
  /** The database takes over the ledger, and looks for old values. */
  const look = () => t.mock.timers.tick(SECOND);
  return { path, open, afterDeath, rows, look };
}

test("values outlive the process, from the ledger and from the database", async (t) => {
  const { open, afterDeath, look, rows } = file(t);
  const first = await open();
  first.settle(await first.begin(), { a: 1, b: 1, c: 1 });
  look();
  assert.deepEqual(
    rows().map(([key, line, chat]) => [key, line, chat]),
    ["a", "b", "c"].map((key) => [key, "chat:7", 7]),
  );
  first.settle(await first.begin(), { a: 2, c: undefined });
  const open3 = await first.begin();
  assert.deepEqual(await afterDeath("a", "b", "c"), { a: 2, b: 1, unsettled: 1 });
  first.settle(open3, { b: 3 });
  await first.inbox.close();
  assert.deepEqual((await open()).values("a", "b", "c"), { a: 2, b: 3 });
});

test("a turn with a dead letter records the values of its other events at once", async (t) => {
  const { open, rows } = file(t);
  const { inbox, begin } = await open();
  const [one, two] = [await begin(), await begin()];
  const writes = [{ key: "a", json: "1", seq: one, line: "chat:7" }];
  inbox.record(turn({ settled: [one], writes, deadLettered: [{ seq: two, reason: "?", log: "" }] }));
  assert.deepEqual(rows("key, json"), [["a", "1"]]);
});

test("a value that was not written for its age is absent at once, and leaves the file at a look", async (t) => {
  const { open, rows, look } = file(t);
  const { begin, settle, values } = await open({ valueAge: 10 * SECOND });
  settle(await begin(), { old: 1, used: 1 });
  for (let second = 1; second <= 9; second++) look();
  settle(await begin(), { used: 2, late: 2 });
  look();
  assert.deepEqual([values("old", "used", "late"), rows("key").length], [{ old: 1, used: 2, late: 2 }, 3]);
  t.mock.timers.setTime(Date.now() + 1);
  assert.deepEqual(values("old", "used", "late"), { used: 2, late: 2 });
  look();
  assert.deepEqual(rows("key"), [["late"], ["used"]]);
  for (let second = 1; second <= 12; second++) look();
  assert.deepEqual([values("late"), rows("key")], [{}, []]);
});

test("all old values leave the file in some looks, however many there are", async (t) => {
  const { open, rows, look } = file(t);
  const { begin, settle } = await open({ valueAge: 100 * SECOND });
  settle(await begin(), Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`key ${i}`, i])));
  look();
  t.mock.timers.setTime(START + 200 * SECOND);
  settle(await begin(), { late: 1 });
  for (let i = 0; i < 5; i++) look();
  assert.deepEqual(rows("key"), [["late"]]);
});

test("without an age a value is kept", async (t) => {
  const { open, look } = file(t);
  const { begin, settle, values } = await open();
  settle(await begin(), { a: 1 });
  look();
  t.mock.timers.setTime(START + 400 * SECOND);
  look();
  assert.deepEqual(values("a"), { a: 1 });
});

test("after another --line a value has no line until it is written again, and keeps its chat", async (t) => {
  const { open, rows } = file(t);
  const { inbox, begin, settle } = await open();
  settle(await begin(), { a: 1 });
  await inbox.close();
  const next = await open({ line: "member" });
  assert.deepEqual(rows(), [["a", null, 7, "1"]]);
  assert.equal(next.inbox.values(["a"]).get("a")!.line, undefined);
  next.settle(await next.begin(), { a: 2 });
  await next.inbox.close();
  assert.deepEqual(rows(), [["a", "chat:7", 7, "2"]]);
});

test("forget() of a chat removes its values, and an event that is under way stores none", async (t) => {
  const { path, open, rows, look } = file(t);
  const { begin, settle, values } = await open();
  const [seven, eight] = [await begin(7), await begin(8)];
  settle(seven, { seven: 1 });
  settle(eight, { eight: 1 });
  look();
  settle(await begin(7), { seven: 2, more: 2 });
  const underWay = await begin(7);
  const letters = new DeadLetters(path);
  // Of the second event nothing but the event itself is in the database.
  assert.deepEqual(letters.forget(7), { events: 2, letters: 0, values: 1 });
  letters.close();
  look();
  settle(underWay, { seven: 3 });
  look();
  assert.deepEqual([values("seven", "eight", "more"), rows("key")], [{ eight: 1 }, [["eight"]]]);
});
