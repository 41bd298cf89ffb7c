import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { reroute } from "../../src/inbox/reroute.ts";
import { createSchema } from "../../src/inbox/schema.ts";
import { addressOf, type TelegramObject } from "../../src/protocol/route.ts";
import { ADA, BOB, PAYLOADS, SUPERGROUP } from "../protocol/updates.ts";

const BOT = { id: 77 };

/** An inbox in memory, with updates stored by `--line chat`. */
function stored(updates: readonly TelegramObject[]) {
  const database = new DatabaseSync(":memory:");
  createSchema(database, BOT.id);
  const event = database.prepare(
    "INSERT INTO event (update_id, kind, line, shard, chat, received_at, body) VALUES (?, ?, ?, ?, ?, 0, ?)",
  );
  for (const [i, update] of updates.entries()) {
    const { kind, line, shard, chat } = addressOf(update, BOT, "chat");
    event.run(i, kind, line, shard, chat, JSON.stringify(update));
  }
  const all = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  return { database, all };
}

const group = { ...PAYLOADS.message, chat: SUPERGROUP, message_thread_id: 7, is_topic_message: true };
const UPDATES = [{ message: group }, { message: { ...group, from: BOB } }, { inline_query: PAYLOADS.inline_query }].map(
  (update, update_id) => ({ update_id, ...update }) as TelegramObject,
);

test("events and dead letters have the addresses that new updates would have, and everything else stays", () => {
  const { database, all } = stored(UPDATES);
  database.exec(`
    INSERT INTO dead_letter (update_id, kind, line, shard, chat, attempts, reason, log, received_at, died_at, body)
    SELECT update_id, kind, line, shard, chat, 0, '', '', 0, 0, body FROM event;
  `);
  for (const line of ["member", "topic", "member", "chat"] as const) {
    const before = all("SELECT seq, update_id, kind, chat, attempts, body FROM event");
    reroute(database, line);
    const addresses = UPDATES.map((update) => ({ ...addressOf(update, BOT, line) }));
    for (const table of ["event", "dead_letter"]) {
      assert.deepEqual(all(`SELECT kind, line, shard, chat FROM ${table}`), addresses, `${table}, ${line}`);
    }
    assert.deepEqual(all("SELECT seq, update_id, kind, chat, attempts, body FROM event"), before);
    assert.deepEqual(all("SELECT * FROM bot"), [{ id: BOT.id, line }]);
  }
});

test("with the same --line no body is read", () => {
  const { database, all } = stored(UPDATES);
  database.exec("UPDATE event SET line = 'as it was'");
  reroute(database, "chat");
  assert.deepEqual(all("SELECT DISTINCT line FROM event"), [{ line: "as it was" }]);
});

test("a damaged body keeps its line, and input that is no update has none", () => {
  const { database, all } = stored(UPDATES);
  database.exec(`
    UPDATE event SET body = '{"upd' WHERE seq = 1;
    INSERT INTO dead_letter (hash, attempts, reason, log, received_at, died_at, body) VALUES ('x', 0, '', '', 0, 0, '[1]');
  `);
  reroute(database, "member");
  assert.deepEqual(all("SELECT line FROM event"), [
    { line: `chat:${SUPERGROUP.id}` },
    { line: `chat:${SUPERGROUP.id}/member:${BOB.id}` },
    { line: `user:${ADA.id}` },
  ]);
  assert.deepEqual(all("SELECT line FROM dead_letter"), [{ line: null }]);
});

test("events of any number and of any kind are rerouted", () => {
  const kinds = Object.entries(PAYLOADS).map(
    ([kind, payload]) => ({ update_id: 1, [kind]: payload }) as TelegramObject,
  );
  const { database, all } = stored(Array.from({ length: 2500 }, (_, i) => kinds[i % kinds.length]!));
  for (const line of ["member", "topic", "chat"] as const) {
    reroute(database, line);
    for (const { line: found, shard, body } of all("SELECT line, shard, body FROM event")) {
      const address = addressOf(JSON.parse(String(body)), BOT, line);
      assert.deepEqual([found, shard], [address.line, address.shard]);
    }
  }
});
