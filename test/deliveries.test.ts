import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { Deliveries } from "../src/deliveries.ts";
import { DeadLetters } from "../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../src/inbox/sqlite.ts";
import { Diagnostics } from "../src/observe/diagnostics.ts";
import { createLogger } from "../src/observe/logger.ts";
import type { EventItem } from "../src/protocol/port.ts";

const folder = mkdtempSync(join(tmpdir(), "asgigram-deliveries-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

const BOT = { id: 99, username: "bot" };
const log = createLogger({ level: "silent", format: "json", hide: (text) => text });

/** Deliveries of one worker, on a real inbox; what is posted is written down. */
function setUp(path = join(folder, `${++files}.sqlite`), options: { oldest?: number } = {}) {
  const inbox = new SqliteInbox(path, BOT.id);
  const posted: EventItem[] = [];
  const deliveries = new Deliveries({
    inbox,
    bot: BOT,
    workers: 1,
    maxAttempts: 3,
    oldest: 0,
    post: (_, event) => posted.push(event),
    logTail: () => "its last words",
    // A dead process's last turn of the loop: nobody is there to hear of it.
    onError: () => {},
    log,
    tell: new Diagnostics(1),
    ...options,
  });
  return {
    path,
    inbox,
    posted,
    deliveries,
    letters: () => {
      const file = new DeadLetters(path);
      const all = file.list();
      file.close();
      return all;
    },
    /** As a process that has been killed: nothing is written any more. */
    die: () => inbox.close(),
  };
}

const update = (update_id: number, chat: number, text = "hello") => ({
  update_id,
  message: { chat: { id: chat }, text },
});
const ids = (events: EventItem[]) => events.map(({ body }) => JSON.parse(body).update_id);

describe("an update", () => {
  test("is stored when take() returns, and posted as it came", () => {
    const { deliveries, inbox, posted } = setUp();
    deliveries.workerReady(0);
    assert.equal(deliveries.take([update(1, 5)]), 1);
    assert.deepEqual(
      inbox.unsettled().map(({ update_id }) => update_id),
      [1],
    );
    assert.deepEqual(posted, [{ seq: 1, attempt: 1, body: JSON.stringify(update(1, 5)) }]);
    inbox.close();
  });

  test("that has been seen before is not posted again, settled or not", () => {
    const { deliveries, inbox, posted } = setUp();
    deliveries.workerReady(0);
    deliveries.take([update(1, 5), update(2, 5)]);
    deliveries.settled(0, [posted[0]!.seq]);
    assert.equal(deliveries.take([update(1, 5), update(2, 5), update(3, 5)]), 1);
    assert.deepEqual(ids(posted), [1, 2, 3]);
    inbox.close();
  });

  test("has its attempt on disk before it is at the worker, and its settlement once recorded", () => {
    const { deliveries, inbox, posted } = setUp();
    deliveries.workerReady(0);
    deliveries.take([update(1, 5)]);
    deliveries.record();
    assert.equal(inbox.unsettled()[0]!.attempts, 1);
    deliveries.settled(0, [posted[0]!.seq]);
    deliveries.record();
    assert.deepEqual(inbox.unsettled(), []);
    inbox.close();
  });

  test("that a worker leaves behind as it was told to is no death, and no attempt where no application has seen it", () => {
    const { deliveries, inbox, posted } = setUp();
    deliveries.workerReady(0);
    deliveries.take([update(1, 5), update(2, 5)]);
    deliveries.workerDrained(0, [posted[1]!.seq]);
    assert.deepEqual(
      inbox.unsettled().map(({ attempts, deaths }) => ({ attempts, deaths })),
      [
        { attempts: 1, deaths: 0 },
        { attempts: 0, deaths: 0 },
      ],
    );
    posted.length = 0;
    deliveries.workerReady(0);
    assert.deepEqual(ids(posted), [1, 2]);
    assert.deepEqual(
      posted.map(({ attempt }) => attempt),
      [2, 1],
    );
    inbox.close();
  });

  test("older than what is wanted is neither stored nor posted", () => {
    const { deliveries, inbox, posted } = setUp(undefined, { oldest: 1000 });
    deliveries.workerReady(0);
    const dated = (update_id: number, date: number) => ({ update_id, message: { chat: { id: 1 }, date } });
    deliveries.take([dated(1, 999), dated(2, 1000), { update_id: 3, callback_query: { from: { id: 1 } } }]);
    assert.deepEqual(ids(posted), [2, 3]);
    assert.equal(inbox.unsettled().length, 2);
    inbox.close();
  });
});

describe("a dead letter", () => {
  test("is what the application threw at, with the error and its worker's last words", () => {
    const { deliveries, inbox, posted, letters } = setUp();
    deliveries.workerReady(0);
    deliveries.take([update(1, 5)]);
    deliveries.failed(0, posted[0]!.seq, "Error: no");
    const [{ reason, log, attempts, update_id } = assert.fail()] = letters();
    assert.deepEqual(
      { reason, log, attempts, update_id },
      { reason: "Error: no", log: "its last words", attempts: 1, update_id: 1 },
    );
    assert.equal(deliveries.unsettled, 0);
    assert.deepEqual(inbox.unsettled(), []);
    inbox.close();
  });

  test("is what has no payload that could be an event, or no id; the rest of the batch goes on", () => {
    const { deliveries, inbox, posted, letters } = setUp();
    deliveries.workerReady(0);
    const absurd = [null, 7, "x", [], {}, { update_id: "1", message: {} }, { update_id: -1, message: {} }];
    const hollow = [
      { update_id: 1 },
      { update_id: 2, message: null },
      { update_id: 3, message: [1] },
      { update_id: 4, message: 3 },
    ];
    deliveries.take([...absurd, ...hollow, update(5, 5)]);
    assert.deepEqual(ids(posted), [5]);
    assert.equal(letters().length, absurd.length + hollow.length);
    assert.equal(deliveries.unsettled, 1);
    inbox.close();
  });

  test("is what a process died of fifteen times while it had nothing else at hand", () => {
    const path = join(folder, "killer.sqlite");
    for (let start = 1; start <= 20; start++) {
      const { deliveries, posted, letters, die } = setUp(path);
      deliveries.resume();
      if (start === 1) deliveries.take([update(1, 5), update(2, 6)]);
      deliveries.workerReady(0);
      deliveries.record();
      const died = letters();
      if (died.length > 0) {
        assert.equal(died[0]!.update_id, 1);
        assert.match(died[0]!.reason, /the process died 15 times/);
        assert.deepEqual(ids(posted), [2]);
        return die();
      }
      assert.ok(ids(posted).includes(1));
      die();
    }
    assert.fail("it lives on");
  });

  test("that is retried is delivered by the server that runs", () => {
    const { path, deliveries, posted, inbox } = setUp();
    deliveries.workerReady(0);
    deliveries.take([update(1, 5)]);
    deliveries.failed(0, posted[0]!.seq, "Error");
    const letters = new DeadLetters(path);
    letters.retry("all");
    letters.close();
    deliveries.takeNews();
    assert.deepEqual(ids(posted), [1, 1]);
    assert.equal(posted[1]!.attempt, 1);
    inbox.close();
  });
});

test("whatever happens, each update is settled, dead or still there; none is posted after its end, none out of order", () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        chats: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 10 }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("settle" as const), count: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("record" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let server = setUp();
      const { path } = server;
      server.deliveries.workerReady(0);
      let taken = 0;
      const ended = new Set<number>();
      const chatOf = new Map<number, number>();
      // Posted to the worker's present life, and not ended.
      const held = () => server.posted.filter(({ body }) => !ended.has(JSON.parse(body).update_id));
      for (const step of steps) {
        const before = server.posted.length;
        switch (step.do) {
          case "take": {
            const updates = step.chats.map((chat) => update(++taken, chat));
            for (const { update_id, message } of updates) chatOf.set(update_id, message.chat.id);
            server.deliveries.take(updates);
            break;
          }
          case "settle": {
            const events = held().slice(0, step.count);
            for (const id of ids(events)) ended.add(id);
            server.deliveries.settled(
              0,
              events.map(({ seq }) => seq),
            );
            break;
          }
          case "fail": {
            const [event] = held();
            if (event === undefined) break;
            ended.add(ids([event])[0]!);
            server.deliveries.failed(0, event.seq, "Error");
            break;
          }
          case "crash":
            server.posted.length = 0;
            server.deliveries.workerGone(0, undefined);
            server.deliveries.workerReady(0);
            break;
          case "kill":
            // What had ended by then is on disk.
            server.deliveries.record();
            server.die();
            server = setUp(path);
            server.deliveries.resume();
            server.deliveries.workerReady(0);
            break;
          case "record":
            server.deliveries.record();
        }
        for (const id of ids(server.posted.slice(step.do === "crash" || step.do === "kill" ? 0 : before))) {
          assert.ok(!ended.has(id) || step.do === "settle" || step.do === "fail", `${id} was posted after its end`);
        }
        for (const chat of new Set(chatOf.values())) {
          const order = ids(held()).filter((id) => chatOf.get(id) === chat);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
            `the order in chat ${chat}`,
          );
        }
      }
      // With time, everything comes to its end.
      for (let i = 0; held().length > 0; i++) {
        assert.ok(i < 10_000);
        const events = held();
        for (const id of ids(events)) ended.add(id);
        server.deliveries.settled(
          0,
          events.map(({ seq }) => seq),
        );
      }
      const dead = server.letters().map(({ update_id }) => update_id!);
      assert.equal(new Set([...ended, ...dead]).size, taken);
      assert.equal(server.deliveries.unsettled, 0);
      server.deliveries.record();
      assert.deepEqual(server.inbox.unsettled(), []);
      server.die();
    }),
    { numRuns: 40 },
  );
});
