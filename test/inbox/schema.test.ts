import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { createSchema, hashOf, migrate, SCHEMA_VERSION } from "../../src/inbox/schema.ts";
import { UNREADABLE } from "../../src/inbox/stored-body.ts";
import { FORMAT_2, FORMAT_3 } from "./old-inbox.ts";

const BOT = 77;

/** The tables as each format made them. */
const FORMATS: { readonly [name: string]: { readonly version: number; readonly sql: string } } = {
  "format 1, as it was first": {
    version: 1,
    sql: `
      CREATE TABLE bot (id INTEGER PRIMARY KEY);
      CREATE TABLE event (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        update_id   INTEGER NOT NULL,
        body        TEXT    NOT NULL,
        attempts    INTEGER NOT NULL DEFAULT 0,
        received_at INTEGER NOT NULL
      );
      CREATE TABLE seen (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, since INTEGER NOT NULL);
      CREATE TABLE dead_letter (
        seq         INTEGER PRIMARY KEY,
        update_id   INTEGER NOT NULL,
        body        TEXT    NOT NULL,
        attempts    INTEGER NOT NULL,
        reason      TEXT    NOT NULL,
        received_at INTEGER NOT NULL,
        died_at     INTEGER NOT NULL
      );
      PRAGMA user_version = 1;
    `,
  },
  "format 1, as it was last": {
    version: 1,
    sql: `
      CREATE TABLE bot (id INTEGER PRIMARY KEY);
      CREATE TABLE event (
        seq         INTEGER PRIMARY KEY AUTOINCREMENT,
        update_id   INTEGER NOT NULL,
        body        TEXT    NOT NULL,
        attempts    INTEGER NOT NULL DEFAULT 0,
        alone       INTEGER NOT NULL DEFAULT 0,
        deaths      INTEGER NOT NULL DEFAULT 0,
        orphaned    INTEGER NOT NULL DEFAULT 0,
        received_at INTEGER NOT NULL
      );
      CREATE TABLE seen (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, since INTEGER NOT NULL);
      CREATE TABLE dead_letter (
        id          INTEGER PRIMARY KEY,
        update_id   INTEGER,
        body        TEXT    NOT NULL,
        attempts    INTEGER NOT NULL,
        reason      TEXT    NOT NULL,
        log         TEXT    NOT NULL,
        received_at INTEGER NOT NULL,
        died_at     INTEGER NOT NULL
      );
      PRAGMA user_version = 1;
    `,
  },
  "format 2": { version: 2, sql: FORMAT_2 },
};

/** A database in memory with the statements' content. */
function open(...statements: string[]): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const sql of statements) database.exec(sql);
  return database;
}

const all = (database: DatabaseSync, sql: string) =>
  database
    .prepare(sql)
    .all()
    .map((row) => ({ ...row }));

/** The definitions of all tables and indexes, in which blanks do not count. */
const schemaOf = (database: DatabaseSync) =>
  all(database, "SELECT name, sql FROM sqlite_schema ORDER BY name").map(({ name, sql }) => [
    name,
    sql === null ? null : String(sql).replaceAll(/\s+|"/g, ""),
  ]);

const fresh = open();
createSchema(fresh, BOT);

const hi = (update_id: number, chat: number) =>
  JSON.stringify({ update_id, message: { chat: { id: chat }, text: "hi" } });

for (const [name, { version, sql }] of Object.entries(FORMATS)) {
  describe(name, () => {
    const migrated = (...statements: string[]) => {
      const database = open(sql, `INSERT INTO bot VALUES (${BOT})`, ...statements);
      database.exec("BEGIN IMMEDIATE");
      const unreadable = migrate(database, version);
      database.exec("COMMIT");
      return { database, unreadable };
    };

    test("it becomes what a new file is, and keeps its bot and its ids", () => {
      const { database, unreadable } = migrated("INSERT INTO seen VALUES (4, 10, 20, 5)");
      assert.deepEqual(unreadable, []);
      assert.deepEqual(schemaOf(database), schemaOf(fresh));
      assert.deepEqual(all(database, "PRAGMA user_version"), [{ user_version: SCHEMA_VERSION }]);
      assert.deepEqual(all(database, "SELECT * FROM bot"), [{ id: BOT, line: "chat" }]);
      assert.deepEqual(all(database, "SELECT * FROM seen"), [{ id: 4, first: 10, last: 20, since: 5 }]);
      assert.deepEqual(all(database, "SELECT * FROM ledger"), [{ epoch: version === 1 ? 0 : 12345 }]);
    });

    test("its events have their addresses, their numbers and their counts, and later ones get higher numbers", () => {
      const { database } = migrated(
        `INSERT INTO event (seq, update_id, body, attempts, received_at) VALUES
           (3, 30, '${hi(30, -5)}', 2, 1000), (5, 50, '{"update_id":50,"poll":{}}', 0, 1001), (6, 60, '{"update_id":60}', 0, 1002)`,
        "INSERT INTO event (seq, update_id, body, received_at) VALUES (9, 90, '{}', 0)",
        "DELETE FROM event WHERE seq = 9",
      );
      const counts = { alone: 0, deaths: 0, orphaned: 0, saved: null };
      const rest = all(database, "SELECT * FROM event ORDER BY seq").map(({ shard, body, ...row }) => {
        assert.ok(Number.isInteger(shard));
        assert.equal(JSON.parse(String(body)).update_id, row.update_id);
        return row;
      });
      const bots = { line: `user:${BOT}`, chat: BOT };
      assert.deepEqual(rest, [
        {
          seq: 3,
          update_id: 30,
          kind: "message",
          line: "chat:-5",
          chat: -5,
          attempts: 2,
          ...counts,
          received_at: 1000,
        },
        { seq: 5, update_id: 50, kind: "poll", ...bots, attempts: 0, ...counts, received_at: 1001 },
        { seq: 6, update_id: 60, kind: "", ...bots, attempts: 0, ...counts, received_at: 1002 },
      ]);
      database.exec(
        "INSERT INTO event (update_id, kind, line, shard, chat, received_at, body) VALUES (1, 'x', 'x', 0, 0, 0, '{}')",
      );
      assert.deepEqual(all(database, "SELECT max(seq) AS seq FROM event"), [{ seq: 10 }]);
    });

    test("its dead letters have the chats of their updates, and keep everything else", () => {
      const letter = "attempts, reason, received_at, died_at";
      const id = name.endsWith("first") ? "seq" : "id";
      const log = name.endsWith("first") ? "" : ", log";
      const { database } = migrated(
        `INSERT INTO dead_letter (${id}, update_id, body, ${letter}${log}) VALUES
           (2, 20, '${hi(20, 7)}', 3, 'it threw', 1, 2${log && ", 'last words'"}),
           (4, 40, 'no JSON', 1, 'it threw', 3, 4${log && ", ''"})`,
      );
      const facts = { hash: null, reason: "it threw" };
      assert.deepEqual(
        all(database, "SELECT * FROM dead_letter ORDER BY id").map(({ shard: _, body: __, ...row }) => row),
        [
          {
            ...facts,
            ...{ id: 2, update_id: 20, kind: "message", line: "chat:7", chat: 7, attempts: 3 },
            ...{ log: log && "last words", received_at: 1, died_at: 2, saved: null },
          },
          {
            ...facts,
            ...{ id: 4, update_id: 40, kind: null, line: null, chat: null, attempts: 1 },
            ...{ log: "", received_at: 3, died_at: 4, saved: null },
          },
        ],
      );
    });

    test("an event whose body cannot be read is a dead letter, and the others stay", () => {
      const { database, unreadable } = migrated(
        `INSERT INTO event (update_id, body, attempts, received_at) VALUES
           (1, '${hi(1, 5)}', 0, 0), (2, '{"update_id":2,"mess', 1, 8), (3, '[]', 0, 0), (4, '${hi(4, 5)}', 0, 0)`,
      );
      assert.deepEqual(unreadable, [2, 3]);
      assert.deepEqual(all(database, "SELECT update_id FROM event ORDER BY seq"), [{ update_id: 1 }, { update_id: 4 }]);
      assert.deepEqual(
        all(database, "SELECT update_id, body, attempts, reason, received_at FROM dead_letter LIMIT 1"),
        [{ update_id: 2, body: '{"update_id":2,"mess', attempts: 1, reason: UNREADABLE, received_at: 8 }],
      );
    });
  });
}

test("format 3 becomes what a new file is, and keeps all that it holds as it is", () => {
  const content = `
    INSERT INTO bot VALUES (${BOT}, 'member');
    INSERT INTO seen VALUES (4, 10, 20, 5);
    INSERT INTO event VALUES (3, 30, 'message', 'chat:-5/member:7', 9, -5, 2, 1, 1, 1, 1000, '"step 2"', 'no JSON');
    INSERT INTO dead_letter VALUES (2, 20, 'message', 'chat:7', 8, 7, NULL, 3, 'it threw', 'words', 1, 2, '1', '{}');
    INSERT INTO call VALUES (1, 3, 'sendMessage', '-5', '{}', 'answer'), (2, -2, 'sendMessage', NULL, '{}', NULL);
  `;
  const [before, database] = [open(FORMAT_3, content), open(FORMAT_3, content)];
  database.exec("BEGIN IMMEDIATE");
  assert.deepEqual(migrate(database, 3), []);
  database.exec("COMMIT");
  assert.deepEqual(schemaOf(database), schemaOf(fresh));
  assert.deepEqual(all(database, "PRAGMA user_version"), [{ user_version: SCHEMA_VERSION }]);
  for (const table of ["bot", "seen", "ledger", "event", "dead_letter", "call", "sqlite_sequence"]) {
    assert.deepEqual(all(database, `SELECT * FROM ${table}`), all(before, `SELECT * FROM ${table}`), table);
  }
  assert.deepEqual(all(database, "SELECT * FROM stored_value"), []);
});

test("of the dead letters of format 2 that are no updates, the last hundred are kept, each once", () => {
  const bodies = Array.from({ length: 300 }, (_, i) => `["${Math.floor(i / 2)}"]`);
  const database = open(FORMAT_2, `INSERT INTO bot VALUES (${BOT})`);
  const insert = database.prepare("INSERT INTO dead_letter VALUES (NULL, NULL, ?, 0, '?', '', 0, 0)");
  for (const body of bodies) insert.run(body);
  migrate(database, 2);
  const kept = all(database, "SELECT body, hash FROM dead_letter ORDER BY id");
  assert.equal(kept.length, 100);
  assert.deepEqual([kept[0]!.body, kept.at(-1)!.body], [bodies[101], bodies[299]]);
  for (const { body, hash } of kept) assert.equal(hash, hashOf(String(body)));
});
