import assert from "node:assert/strict";
import { test } from "node:test";
import { newEntry, storedEntry } from "../../src/inbox/entry.ts";
import { received } from "./received.ts";

const update = received({ update_id: 7, message: { chat: { id: -5 }, text: "№ 7" } } as { update_id: number });

test("an update that was received just now has its body and its size in bytes, and no counts", () => {
  const size = Buffer.byteLength(update.body);
  assert.ok(size > update.body.length);
  const counts = { attempts: 0, deaths: 0, orphaned: 0 };
  assert.deepEqual(newEntry(3, update, 1000), {
    ...{ ...update, seq: 3, size, origin: "received", ...counts, received_at: 1000 },
  });
});

test("an event in the file has no body, and everything else", () => {
  const { kind, line, shard, chat } = update;
  assert.deepEqual(storedEntry([3, 7, kind, line, shard, chat, 60, 2, 1, 0, 1000, null], "recovered", undefined), {
    ...{ seq: 3, update_id: 7, kind, line, shard, chat, body: undefined, size: 60 },
    ...{ origin: "recovered", attempts: 2, deaths: 1, orphaned: 0, received_at: 1000 },
  });
});
