import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, afterEach, beforeEach, describe, mock, test } from "node:test";
import { localTime } from "../../src/cli/inbox/dead-letter-view.ts";
import { DeadLetters, type Filter } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { Folder } from "../folder.ts";
import { Entries, turn } from "./entries.ts";
import { received } from "./received.ts";
import { withoutDisk } from "./without-disk.ts";

const BOT = 77;

withoutDisk();

const folder = new Folder();
after(() => folder[Symbol.dispose]());

let files = 0;
let path: string;
/** The same inbox, as the server has it open. */
let inbox: SqliteInbox;
let entries: Entries;
let letters: DeadLetters;

beforeEach(async () => {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: Date.now() });
  path = folder.join(`${++files}.sqlite`);
  await start();
  letters = new DeadLetters(path);
});

afterEach(async () => {
  letters.close();
  await inbox.close();
  mock.timers.reset();
});

async function start(): Promise<void> {
  inbox = new SqliteInbox(path, BOT);
  entries = new Entries();
  await inbox.start(entries);
}

/** Lets the server look for retried dead letters. */
const look = () => mock.timers.tick(1000);

const update = (update_id: number) => received({ update_id });

/** An update is received, posted once, and becomes a dead letter. */
async function addDeadLetter(update_id: number, reason = "Error", log = ""): Promise<void> {
  await inbox.append([update(update_id)]);
  const { seq } = entries.all.at(-1)!;
  inbox.record(turn({ begun: [{ seq, alone: true }] }));
  inbox.record(turn({ deadLettered: [{ seq, reason, log }] }));
}

const ids = () => letters.list().map(({ id }) => id);
/** The retried events that the server has found by now. */
const retried = () => {
  look();
  const found = entries.all.filter(({ origin }) => origin === "retried");
  return found.map(({ update_id, attempts }) => ({ update_id, attempts }));
};

test("a dead letter has everything that is known of its event", async () => {
  const before = Date.now();
  await addDeadLetter(501, "Error: no luck\n    at bot.ts:3", "said last");
  const [letter] = letters.list();
  const { received_at, died_at, ...rest } = letter!;
  assert.deepEqual(
    { ...rest },
    {
      id: 1,
      update_id: 501,
      line: "user:99",
      body: '{"update_id":501}',
      attempts: 1,
      reason: "Error: no luck\n    at bot.ts:3",
      log: "said last",
    },
  );
  assert(before <= received_at && received_at <= died_at && died_at <= Date.now());
  assert.deepEqual(letters.get(1), letter);
});

test("dead letters are listed oldest first", async () => {
  assert.deepEqual(letters.list(), []);
  for (const update_id of [3, 1, 2]) await addDeadLetter(update_id);
  assert.deepEqual(
    letters.list().map(({ update_id }) => update_id),
    [3, 1, 2],
  );
});

test("retried dead letters are unsettled events with no attempts, in their old order, and no longer dead letters", async () => {
  for (const update_id of [1, 2, 3, 4]) await addDeadLetter(update_id);
  assert.deepEqual(letters.retry([3, 1]), { retried: 2, left: 0 });
  assert.deepEqual(ids(), [2, 4]);
  assert.deepEqual(retried(), [
    { update_id: 1, attempts: 0 },
    { update_id: 3, attempts: 0 },
  ]);
  assert.deepEqual(letters.retry({}), { retried: 2, left: 0 });
  assert.deepEqual(ids(), []);
  assert.deepEqual(letters.retry({}), { retried: 0, left: 0 });
  assert.deepEqual(
    retried().map(({ update_id }) => update_id),
    [1, 3, 2, 4],
  );
});

test("the server finds a retried event within a second, once, as it was", async () => {
  await addDeadLetter(1);
  const [first] = entries.all;
  assert.deepEqual(retried(), []);
  letters.retry({});
  assert.deepEqual(retried(), [{ update_id: 1, attempts: 0 }]);
  look();
  assert.equal(entries.all.length, 2);
  const { seq, ...event } = entries.all[1]!;
  assert.deepEqual({ ...event, origin: "received", seq: first!.seq, body: first!.body }, first);
  assert.ok(seq > first!.seq);
  assert.deepEqual(await inbox.read([first!.seq, seq]), new Map([[seq, '{"update_id":1}']]));
});

test("an event retried while the server is down is unsettled at the next start", async () => {
  await addDeadLetter(1);
  await inbox.close();
  letters.retry([1]);
  await start();
  assert.deepEqual(
    entries.all.map(({ update_id, attempts, origin }) => ({ update_id, attempts, origin })),
    [{ update_id: 1, attempts: 0, origin: "recovered" }],
  );
  assert.deepEqual(retried(), []);
});

test("a dead letter that is no update cannot be retried, and stays", async () => {
  await addDeadLetter(1);
  inbox.deadLetterUnreadable("[1]", "it has no update_id");
  assert.throws(() => letters.retry([1, 2]), {
    code: "ASGIGRAM_INBOX",
    message: "dead letter 2 is no update and cannot be retried; asgigram inbox show 2 shows its content",
  });
  assert.deepEqual(ids(), [1, 2]);
  assert.deepEqual(retried(), []);
  assert.deepEqual(letters.retry({}), { retried: 1, left: 1 });
  assert.deepEqual(ids(), [2]);
  assert.deepEqual(retried(), [{ update_id: 1, attempts: 0 }]);
});

test("a dead letter whose body is damaged is listed and dropped, and cannot be retried", async () => {
  for (const update_id of [1, 2]) await addDeadLetter(update_id);
  const database = new DatabaseSync(path);
  database.exec(`UPDATE dead_letter SET body = X'7B2275706461' WHERE id = 1`);
  database.close();
  assert.deepEqual(
    letters.list().map(({ body }) => body),
    ['{"upda', '{"update_id":2}'],
  );
  assert.throws(() => letters.retry([1]), /dead letter 1 is no update and cannot be retried/);
  assert.deepEqual(letters.retry({}), { retried: 1, left: 1 });
  assert.equal(letters.drop({}), 1);
});

test("a dead letter whose other facts are damaged is listed with texts and times, and dropped", async () => {
  for (const update_id of [1, 2]) await addDeadLetter(update_id);
  const database = new DatabaseSync(path);
  const facts = "reason = X'41', log = X'42', attempts = 1 << 62, received_at = 1 << 62, died_at = 'x'";
  database.exec(`UPDATE dead_letter SET ${facts} WHERE id = 1`);
  database.close();
  assert.deepEqual(
    letters.list({ error: "a" }).map(({ id, reason, log }) => [id, reason, log]),
    [[1, "A", "B"]],
  );
  for (const { received_at, died_at } of letters.list()) {
    assert.match(`${localTime(received_at)} ${localTime(died_at)}`, /^[+\d]/);
  }
  assert.equal(letters.drop([1]), 1);
});

describe("a filter", () => {
  const START = Date.UTC(2026, 0, 1);

  /** Three dead letters of two chats, a minute apart. */
  beforeEach(async () => {
    for (const [i, reason] of ["Error: ECONNREFUSED", "TypeError: Порвано", "Error: econnreset"].entries()) {
      mock.timers.setTime(START + i * 60_000);
      const message = { chat: { id: i === 1 ? -7 : 7 } };
      await inbox.append([received({ update_id: i + 1, message } as { update_id: number })]);
      inbox.record(turn({ deadLettered: [{ seq: entries.seqs.at(-1)!, reason, log: "" }] }));
    }
    inbox.deadLetterUnreadable("[]", "it has no update_id");
  });

  const listed = (filter: Filter) => letters.list(filter).map(({ id }) => id);

  test("all of its conditions apply: the time of death, text in the reason, the chat", () => {
    assert.deepEqual(listed({}), [1, 2, 3, 4]);
    assert.deepEqual(listed({ since: START + 60_000 }), [2, 3, 4]);
    assert.deepEqual(listed({ error: "ECONN" }), [1, 3]);
    assert.deepEqual(listed({ error: "ПОРВАНО" }), [2]);
    assert.deepEqual(listed({ error: "%" }), []);
    assert.deepEqual(listed({ chat: 7 }), [1, 3]);
    assert.deepEqual(listed({ chat: -7 }), [2]);
    assert.deepEqual(listed({ since: START + 1, error: "Error", chat: 7 }), [3]);
    assert.deepEqual(listed({ chat: 99 }), [], "input that is no update has no chat");
  });

  test("it chooses what is retried and dropped", () => {
    assert.deepEqual(letters.retry({ error: "econn" }), { retried: 2, left: 0 });
    assert.deepEqual(listed({}), [2, 4]);
    assert.equal(letters.drop({ chat: -7 }), 1);
    assert.deepEqual(listed({}), [4]);
    assert.equal(letters.drop({ error: "nothing" }), 0);
  });
});

describe("a chat that is forgotten", () => {
  const say = async (update_id: number, chat: number, text = "") =>
    await inbox.append([received({ update_id, message: { chat: { id: chat }, text } } as { update_id: number })]);

  test("its events and dead letters are gone, also for a running server; others stay", async () => {
    await say(1, 7);
    await say(2, 8);
    await say(3, 7);
    await inbox.append([received({ update_id: 4, inline_query: { from: { id: 7 } } } as { update_id: number })]);
    const [one, two, three, four] = entries.seqs as [number, number, number, number];
    inbox.record(turn({ deadLettered: [one, two].map((seq) => ({ seq, reason: "?", log: "" })) }));
    assert.deepEqual(letters.forget(7), { events: 2, letters: 1, values: 0 });
    assert.deepEqual(ids(), [2]);
    assert.deepEqual(await inbox.read([one, two, three, four]), new Map());
    assert.deepEqual(letters.forget(7), { events: 0, letters: 0, values: 0 });
    // The server has the event in memory. Its end has nothing to store.
    inbox.record(turn({ begun: [{ seq: three, alone: false }], deadLettered: [{ seq: three, reason: "?", log: "" }] }));
    assert.deepEqual(ids(), [2]);
    assert.equal(await inbox.append([received({ update_id: 1 })]), 0, "its ids are still known");
  });

  test("nothing of it is left in the files", async () => {
    const secret = "correct horse battery staple";
    await say(1, 7, secret);
    await say(2, 7, secret.repeat(1000));
    inbox.record(turn({ deadLettered: [{ seq: entries.seqs[0]!, reason: secret, log: secret }] }));
    const isIn = () => ["", "-wal"].some((suffix) => readFileSync(`${path}${suffix}`).includes(secret));
    assert.ok(isIn());
    letters.forget(7);
    assert.ok(!isIn());
  });
});

test("dropped dead letters are deleted for good", async () => {
  for (const update_id of [1, 2, 3]) await addDeadLetter(update_id);
  assert.equal(letters.drop([2]), 1);
  assert.deepEqual(ids(), [1, 3]);
  assert.equal(letters.drop({}), 2);
  assert.equal(letters.drop({}), 0);
  assert.deepEqual(retried(), []);
  assert.deepEqual(await inbox.read(entries.seqs), new Map());
  assert.equal(await inbox.append([update(2)]), 0, "its id is still known");
});

test("an id that does not exist is an error, and the other ids given with it are left alone", async () => {
  await addDeadLetter(1);
  const missing = new InboxError(`there is no dead letter 9 in ${path}; asgigram inbox list shows all dead letters`);
  assert.throws(() => letters.get(9), missing);
  assert.throws(() => letters.retry([1, 9]), missing);
  assert.throws(() => letters.drop([1, 9]), missing);
  assert.deepEqual(ids(), [1]);
  assert.deepEqual(retried(), []);
});

test("two processes that retry the same dead letter retry it once", async () => {
  await addDeadLetter(1);
  const other = new DeadLetters(path);
  assert.deepEqual(letters.retry({}), { retried: 1, left: 0 });
  assert.deepEqual(other.retry({}), { retried: 0, left: 0 });
  assert.throws(() => other.retry([1]), InboxError);
  other.close();
  assert.equal(retried().length, 1);
});

test("the server finds a retried event although an update arrives in between", async () => {
  await addDeadLetter(1);
  letters.retry({});
  await inbox.append([update(2)]);
  assert.deepEqual(entries.ids, [1, 1, 2]);
  assert.deepEqual(
    entries.all.map(({ origin }) => origin),
    ["received", "retried", "received"],
  );
  look();
  assert.equal(entries.all.length, 3);
});
