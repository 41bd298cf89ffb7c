import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { InboxError } from "../../src/protocol/errors.ts";

const BOT = 77;

const folder = mkdtempSync(join(tmpdir(), "asgigram-dead-letters-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
let path: string;
/** The same inbox, as the server has it open. */
let inbox: SqliteInbox;
let letters: DeadLetters;

beforeEach(() => {
  path = join(folder, `${++files}.sqlite`);
  inbox = new SqliteInbox(path, BOT);
  letters = new DeadLetters(path);
});

afterEach(() => {
  letters.close();
  inbox.close();
});

/** An update is received, posted once, and becomes a dead letter. */
function addDeadLetter(update_id: number, reason = "Error", log?: string): void {
  const [seq] = inbox.append([{ update_id, body: `{"update_id":${update_id}}` }]);
  inbox.record([{ seq: seq!, alone: true }], []);
  inbox.bury(seq!, reason, log);
}

const ids = () => letters.list().map(({ id }) => id);
const waiting = () => inbox.unsettled().map(({ update_id, attempts }) => ({ update_id, attempts }));

test("a dead letter has everything that is known of its event", () => {
  const before = Date.now();
  addDeadLetter(501, "Error: no luck\n    at bot.ts:3", "said last");
  const [letter] = letters.list();
  const { received_at, died_at, ...rest } = letter!;
  assert.deepEqual(
    { ...rest },
    {
      id: 1,
      update_id: 501,
      body: '{"update_id":501}',
      attempts: 1,
      reason: "Error: no luck\n    at bot.ts:3",
      log: "said last",
    },
  );
  assert(before <= received_at && received_at <= died_at && died_at <= Date.now());
  assert.deepEqual(letters.get(1), letter);
  assert.equal(letters.bot(), BOT);
});

test("dead letters are listed oldest first", () => {
  assert.deepEqual(letters.list(), []);
  for (const update_id of [3, 1, 2]) addDeadLetter(update_id);
  assert.deepEqual(
    letters.list().map(({ update_id }) => update_id),
    [3, 1, 2],
  );
});

test("retried dead letters are unsettled events with no attempts, in their old order, and no longer dead letters", () => {
  for (const update_id of [1, 2, 3, 4]) addDeadLetter(update_id);
  assert.deepEqual(letters.retry([3, 1]), { retried: 2, left: 0 });
  assert.deepEqual(ids(), [2, 4]);
  assert.deepEqual(waiting(), [
    { update_id: 1, attempts: 0 },
    { update_id: 3, attempts: 0 },
  ]);
  assert.deepEqual(letters.retry("all"), { retried: 2, left: 0 });
  assert.deepEqual(ids(), []);
  assert.deepEqual(letters.retry("all"), { retried: 0, left: 0 });
});

test("the server finds a retried event once", () => {
  addDeadLetter(1);
  assert.deepEqual(inbox.news(), []);
  letters.retry("all");
  assert.deepEqual(
    inbox.news().map(({ update_id }) => update_id),
    [1],
  );
  assert.deepEqual(inbox.news(), []);
});

test("an event retried while the server is down is unsettled at the next start", () => {
  addDeadLetter(1);
  inbox.close();
  letters.retry([1]);
  inbox = new SqliteInbox(path, BOT);
  assert.deepEqual(waiting(), [{ update_id: 1, attempts: 0 }]);
});

test("a dead letter that is no update cannot be retried, and stays", () => {
  addDeadLetter(1);
  inbox.buryUnreadable("[1]", "it has no update_id");
  assert.throws(() => letters.retry([1, 2]), {
    code: "ASGIGRAM_INBOX",
    message: "dead letter 2 is no update and cannot be retried; asgigram inbox show 2 shows its content",
  });
  assert.deepEqual(ids(), [1, 2]);
  assert.deepEqual(waiting(), []);
  assert.deepEqual(letters.retry("all"), { retried: 1, left: 1 });
  assert.deepEqual(ids(), [2]);
});

test("dropped dead letters are deleted for good", () => {
  for (const update_id of [1, 2, 3]) addDeadLetter(update_id);
  assert.equal(letters.drop([2]), 1);
  assert.deepEqual(ids(), [1, 3]);
  assert.equal(letters.drop("all"), 2);
  assert.equal(letters.drop("all"), 0);
  assert.deepEqual(waiting(), []);
  assert.deepEqual(inbox.append([{ update_id: 2, body: "{}" }]), [undefined], "its id is still known");
});

test("an id that does not exist is an error, and the other ids given with it are left alone", () => {
  addDeadLetter(1);
  const missing = new InboxError(`there is no dead letter 9 in ${path}; asgigram inbox list shows all dead letters`);
  assert.throws(() => letters.get(9), missing);
  assert.throws(() => letters.retry([1, 9]), missing);
  assert.throws(() => letters.drop([1, 9]), missing);
  assert.deepEqual(ids(), [1]);
});

test("two processes that retry the same dead letter retry it once", () => {
  addDeadLetter(1);
  const other = new DeadLetters(path);
  assert.deepEqual(letters.retry("all"), { retried: 1, left: 0 });
  assert.deepEqual(other.retry("all"), { retried: 0, left: 0 });
  assert.throws(() => other.retry([1]), InboxError);
  other.close();
  assert.equal(waiting().length, 1);
});

test("the server finds a retried event although an update arrives in between", () => {
  addDeadLetter(1);
  letters.retry("all");
  inbox.append([{ update_id: 2, body: "{}" }]);
  assert.deepEqual(
    inbox.news().map(({ update_id }) => update_id),
    [1],
  );
  assert.deepEqual(inbox.news(), []);
});
