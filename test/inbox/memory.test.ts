import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbox } from "../../src/inbox/inbox.ts";
import { MemoryInbox } from "../../src/inbox/memory.ts";
import { keepsTheContract, updates } from "./contract.ts";
import { Entries } from "./entries.ts";

keepsTheContract(() => new MemoryInbox());

test("a memory inbox does not survive the process, and says so", () => {
  assert.equal(new MemoryInbox().isDurable, false);
});

test("a memory inbox forgets the oldest of a hundred inputs that are no updates", () => {
  const inbox: Inbox = new MemoryInbox();
  for (let i = 0; i < 101; i++) assert.equal(inbox.deadLetterUnreadable(`[${i}]`, "no id"), true);
  assert.deepEqual(
    [inbox.deadLetterUnreadable("[100]", "no id"), inbox.deadLetterUnreadable("[0]", "no id")],
    [false, true],
  );
});

test("a memory inbox finds nothing at its start", async () => {
  const inbox: Inbox = new MemoryInbox();
  assert.equal(await inbox.start(new Entries()), 0);
  await inbox.append(updates(1, 2, 3));
  inbox.deadLetterUnreadable("?", "no JSON");
  await inbox.check();
  await inbox.close();
  const entries = new Entries();
  assert.equal(await new MemoryInbox().start(entries), 0);
  assert.deepEqual(entries.all, []);
});
