import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, beforeEach, test } from "node:test";
import type { LetterTask } from "../../../src/cli/inbox/inbox-task.ts";
import { runInboxTask } from "../../../src/cli/inbox/run-inbox-task.ts";
import { DeadLetters } from "../../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../../src/inbox/sqlite.ts";
import { InboxError } from "../../../src/protocol/errors.ts";
import { Folder } from "../../folder.ts";
import { updates } from "../../inbox/contract.ts";
import { addDeadLetters } from "../../inbox/dead-letter-file.ts";
import { Entries, turn } from "../../inbox/entries.ts";

const BOT = 77;

const folder = new Folder();
after(() => folder[Symbol.dispose]());

let files = 0;
let path: string;

beforeEach(async () => {
  path = folder.join(`${++files}.sqlite`);
  await new SqliteInbox(path, BOT).close();
});

const deadLetter = (...ids: number[]) => addDeadLetters(path, BOT, ids, (update_id) => `Error: ${update_id}`);

const run = async (task: LetterTask) => runInboxTask(task, new DeadLetters(path), 80);

test("an empty list says so; as JSON it has no lines", async () => {
  const none = `no dead letters in ${path}`;
  assert.equal(await run({ action: "list", filter: {}, json: false }), none);
  assert.equal(await run({ action: "list", filter: {}, json: true }), "");
  assert.equal(await run({ action: "retry", which: {} }), none);
  assert.equal(await run({ action: "drop", which: {} }), none);
});

test("a filter to which no dead letter corresponds is told from an empty list", async () => {
  await deadLetter(501);
  const none = `no such dead letters in ${path}`;
  assert.equal(await run({ action: "list", filter: { chat: 8 }, json: false }), none);
  assert.equal(await run({ action: "retry", which: { error: "another" } }), none);
  assert.equal(await run({ action: "drop", which: { since: Date.now() + 1000 } }), none);
  assert.match(await run({ action: "list", filter: { error: "error: 501" }, json: false }), /Error: 501$/);
});

test("the list is a table, or a line of JSON for each dead letter", async () => {
  await deadLetter(501, 502);
  assert.match(
    await run({ action: "list", filter: {}, json: false }),
    /^ID .*\n1 .* chat:7 .* Error: 501\n2 .* Error: 502$/,
  );
  const lines = (await run({ action: "list", filter: {}, json: true })).split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).update_id),
    [501, 502],
  );
});

test("a dead letter is shown as a page, or as its line of JSON", async () => {
  await deadLetter(501);
  assert.match(await run({ action: "show", id: 1, json: false }), /^Dead letter 1\n.*Error: 501/s);
  assert.equal(await run({ action: "show", id: 1, json: true }), await run({ action: "list", filter: {}, json: true }));
  await assert.rejects(run({ action: "show", id: 2, json: false }), InboxError);
});

test("retry and drop print the number of dead letters", async () => {
  await deadLetter(1, 2, 3, 4, 5);
  const due = "posted within a second, or when the server starts";
  assert.equal(await run({ action: "retry", which: [1] }), `retried 1 dead letter: ${due}`);
  assert.equal(await run({ action: "retry", which: [2, 3] }), `retried 2 dead letters: ${due}`);
  assert.equal(await run({ action: "drop", which: [4] }), "dropped 1 dead letter");
  const inbox = new SqliteInbox(path, BOT);
  inbox.deadLetterUnreadable("null", "it has no update_id");
  await inbox.close();
  const left = "left 1 dead letter that can only be dropped: not an update";
  assert.equal(await run({ action: "retry", which: {} }), `retried 1 dead letter: ${due}\n${left}`);
  assert.equal(await run({ action: "retry", which: {} }), left);
  assert.equal(await run({ action: "drop", which: {} }), "dropped 1 dead letter");
});

test("forget prints what was removed of the chat", async () => {
  await deadLetter(1, 2);
  const inbox = new SqliteInbox(path, BOT);
  await inbox.append(updates(3));
  await inbox.close();
  const rest = "a running server finishes what it has in memory";
  assert.equal(
    await run({ action: "forget", chat: 7 }),
    `removed 1 update, 2 dead letters and 0 stored values of chat 7; ${rest}`,
  );
  assert.equal(await run({ action: "forget", chat: 7 }), "nothing of chat 7 is stored");
  const [next, entries] = [new SqliteInbox(path, BOT), new Entries()];
  await next.start(entries);
  await next.append(updates(4));
  const [seq] = entries.seqs;
  next.record(turn({ settled: [seq!], writes: [{ key: "a", json: "1", seq, line: "chat:7" }] }));
  await next.close();
  assert.equal(
    await run({ action: "forget", chat: 7 }),
    `removed 0 updates, 0 dead letters and 1 stored value of chat 7; ${rest}`,
  );
});

test("the file is closed, also after an error", async () => {
  await assert.rejects(run({ action: "drop", which: [9] }), InboxError);
  await deadLetter(1);
  assert.equal(await run({ action: "drop", which: {} }), "dropped 1 dead letter");
  rmSync(path);
  await assert.rejects(run({ action: "list", filter: {}, json: false }), /^InboxError: there is no inbox/);
});
