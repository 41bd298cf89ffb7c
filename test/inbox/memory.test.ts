import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inbox } from "../../src/inbox/inbox.ts";
import { MemoryInbox } from "../../src/inbox/memory.ts";
import { keepsTheContract, updates } from "./contract.ts";

keepsTheContract(() => new MemoryInbox());

test("it does not survive the process, and says so", () => {
  assert.equal(new MemoryInbox().durable, false);
});

test("it keeps nothing but ids", () => {
  const inbox: Inbox = new MemoryInbox();
  inbox.append(updates(1, 2, 3));
  inbox.buryUnreadable("?", "no JSON");
  assert.deepEqual(inbox.unsettled(), []);
  assert.equal(inbox.clear(), 0);
  inbox.close();
});
