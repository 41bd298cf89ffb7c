import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, describe, mock, test } from "node:test";
import { setImmediate as loopTurn } from "node:timers/promises";
import fc from "fast-check";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import type { InboxEntry, Turn } from "../../src/inbox/inbox.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { Diagnostics } from "../../src/observe/diagnostics.ts";
import { createLogger } from "../../src/observe/logger.ts";
import { WorkerLog } from "../../src/observe/worker-log.ts";
import type { EventItem, ToWorker } from "../../src/protocol/port.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { Journal } from "../../src/sends/journal.ts";
import { Recorder } from "../../src/updates/recorder.ts";
import { type EventWorker, Updates } from "../../src/updates/updates.ts";
import { Folder } from "../folder.ts";
import { Entries } from "../inbox/entries.ts";
import { received } from "../inbox/received.ts";
import { withoutDisk } from "../inbox/without-disk.ts";
import { isSettled } from "../settled.ts";

const folder = new Folder();
after(() => folder[Symbol.dispose]());
let files = 0;
const newPath = () => folder.join(`${++files}.sqlite`);

const BOT = { id: 99, username: "bot" };

withoutDisk();
const SUFFIXES = ["", "-wal", "-ledger"];
const never = new AbortController().signal;

/** One life of a worker: notes what is posted to it. */
class SpyWorker implements EventWorker {
  readonly number: number;
  readonly posted: EventItem[] = [];
  readonly pushed: ToWorker[] = [];
  isDead = false;
  /** Called before events are noted. */
  onPost: (events: readonly EventItem[]) => void = () => {};
  /** Called after events are noted: a worker that is not blocked takes them off its port. */
  take: (seqs: readonly number[]) => void = () => {};
  /** The answer of endInstances(). */
  end: (shard: number) => Promise<readonly number[]> = async () => [];

  constructor(number = 0) {
    this.number = number;
  }

  post(events: EventItem[]): void {
    if (this.isDead) return;
    this.onPost(events);
    this.posted.push(...events);
    const seqs = events.map(({ seq }) => seq);
    queueMicrotask(() => this.take(seqs));
  }

  push(item: ToWorker): void {
    this.pushed.push(item);
  }

  flush(): void {}

  endInstances(shard: number): Promise<readonly number[]> {
    return this.end(shard);
  }

  get ids(): number[] {
    return ids(this.posted);
  }

  get seqs(): number[] {
    return this.posted.map(({ seq }) => seq);
  }
}

/** One life of the process: Updates on a real inbox, with one worker, and a quarantine if that is wanted. */
class Process implements AsyncDisposable {
  readonly path: string;
  readonly inbox: SqliteInbox;
  readonly updates: Updates;
  readonly recorder: Recorder;
  readonly errors: Error[] = [];
  /** The log. */
  readonly lines: string[] = [];
  worker = new SpyWorker();
  quarantine: SpyWorker | undefined;
  isQuarantineWanted = false;
  #isOver = false;

  constructor(path = newPath(), { oldest = Number.NEGATIVE_INFINITY, workers = 1 } = {}) {
    this.path = path;
    this.inbox = new SqliteInbox(path, BOT.id);
    const write = (line: string) => this.lines.push(line);
    const log = createLogger({ level: "error", format: "json", hide: (text) => text, write });
    const onError = (error: Error) => this.errors.push(error);
    this.recorder = new Recorder({
      inbox: this.inbox,
      outbox: { takeTurn: () => () => {} },
      refused: (worker, seqs) => this.updates.refused(worker, seqs),
      loaded: (arrivals, bodies) => this.updates.loaded(arrivals, bodies),
      onError,
    });
    const journal = new Journal({
      keepsCalls: true,
      isSecret: () => false,
      record: (fact) => this.recorder.journaled(fact),
      onFull: () => {},
    });
    const words = new WorkerLog({ log, hide: (text) => text });
    words.said(0, {}, "info", "its last words");
    this.updates = new Updates({
      inbox: this.inbox,
      recorder: this.recorder,
      journal,
      bot: BOT,
      line: "chat",
      workers,
      maxAttempts: 3,
      limit: Number.POSITIVE_INFINITY,
      breaker: true,
      oldest,
      words,
      hide: (text) => text.replaceAll("secret", "…"),
      suspected: () => {
        this.isQuarantineWanted = true;
      },
      onError,
      log,
      diagnostics: new Diagnostics(1),
    });
  }

  /** Starts with what the inbox holds, and a worker that is ready. */
  static async start(path?: string, options?: { oldest?: number; workers?: number }): Promise<Process> {
    const process = new Process(path, options);
    await process.inbox.start(process.updates);
    process.updates.workerReady(process.worker);
    return process;
  }

  /** Has these chats settle an event: they are known. */
  async know(...chats: number[]): Promise<void> {
    await this.receive(...chats.map((chat, i) => update(1000 + i, chat)));
    this.updates.settled(this.worker, this.worker.seqs);
    this.worker.posted.length = 0;
    await this.recorder.end();
  }

  /** Receives a batch, and ends the turn. @returns the number of updates that were not known */
  async receive(...batch: unknown[]): Promise<number> {
    const added = await this.updates.received(batch, never);
    await this.recorder.end();
    return added;
  }

  /** The worker's life ends; the next one begins. */
  async replaceWorker(how: (worker: SpyWorker) => void): Promise<void> {
    how(this.worker);
    this.worker.isDead = true;
    this.worker = new SpyWorker(this.worker.number);
    this.updates.workerReady(this.worker);
    await this.recorder.end();
  }

  /** The quarantine, which is to be wanted, is ready. */
  async openQuarantine(): Promise<SpyWorker> {
    assert.ok(this.isQuarantineWanted);
    this.isQuarantineWanted = false;
    const quarantine = new SpyWorker(1);
    quarantine.take = (seqs) => this.updates.taken(quarantine, seqs);
    this.quarantine = quarantine;
    this.updates.workerReady(quarantine);
    await this.recorder.end();
    return quarantine;
  }

  /** The quarantine dies, and nothing else is known. */
  killQuarantine(): void {
    const { quarantine } = this;
    this.quarantine = undefined;
    quarantine!.isDead = true;
    this.updates.workerDied(quarantine!, {});
  }

  /** The unsettled events as the next process would find them. */
  async unsettled(): Promise<readonly InboxEntry[]> {
    await this.recorder.end();
    return await unsettledIn(SUFFIXES.map((suffix) => readFileSync(`${this.path}${suffix}`)));
  }

  letters() {
    const file = new DeadLetters(this.path);
    const all = file.list();
    file.close();
    return all;
  }

  /** Ends as a process that is killed: nothing is written any more. */
  async die(): Promise<void> {
    this.#isOver = true;
    this.worker.isDead = true;
    if (this.quarantine !== undefined) this.quarantine.isDead = true;
    await this.inbox.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    await this.die();
    assert.deepEqual(this.errors, []);
  }
}

/** A process that finds these events with the counts of earlier ones, and tries them now. */
async function withSuspects(
  { attempts, deaths = 0 }: { attempts: number; deaths?: number },
  ...updates: unknown[]
): Promise<Process> {
  const path = newPath();
  {
    await using before = new Process(path);
    await before.updates.received(updates, never);
  }
  const file = new DatabaseSync(path);
  file.exec(`UPDATE event SET attempts = ${attempts}, deaths = ${deaths}`);
  file.close();
  // With nothing else to do it tries them at once.
  return await Process.start(path);
}

function countsOf(entries: readonly InboxEntry[]) {
  return entries.map(({ update_id, attempts, orphaned }) => ({ update_id, attempts, orphaned }));
}

/** The unsettled events in copies of the files of an inbox. */
async function unsettledIn(copies: readonly Buffer[]): Promise<readonly InboxEntry[]> {
  const path = newPath();
  for (const [i, suffix] of SUFFIXES.entries()) writeFileSync(`${path}${suffix}`, copies[i]!);
  const inbox = new SqliteInbox(path, BOT.id);
  const entries = new Entries();
  await inbox.start(entries);
  await inbox.close();
  return entries.all;
}

const update = (update_id: number, chat: number, text = "hello") => ({
  update_id,
  message: { chat: { id: chat }, text },
});
const ids = (events: readonly EventItem[]): number[] => events.map(({ body }) => JSON.parse(body).update_id);

describe("an update", () => {
  test("one that is tried again later leaves its room at a full worker to another chat", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    worker.take = (seqs) => updates.taken(worker, seqs);
    await process.receive(...Array.from({ length: 1001 }, (_, i) => update(1 + i, 1 + i)));
    while (worker.posted.length < 1000) await process.recorder.end();
    updates.triedAgain(worker, worker.seqs[0]!);
    await process.recorder.end();
    assert.equal(worker.ids.at(-1), 1001);
  });

  test("it is stored when received() resolves, and posted as it came", async () => {
    await using process = await Process.start();
    const { updates, worker, recorder } = process;
    assert.equal(await updates.received([update(1, 5)], never), 1);
    const stored = await unsettledIn(SUFFIXES.map((suffix) => readFileSync(`${process.path}${suffix}`)));
    assert.deepEqual(
      stored.map(({ update_id }) => update_id),
      [1],
    );
    await recorder.end();
    assert.deepEqual(worker.posted, [{ seq: 1, attempt: 1, body: JSON.stringify(update(1, 5)) }]);
  });

  test("it is posted at the end of the turn in which it came, without further ado", async () => {
    await using process = await Process.start();
    const isPosted = Promise.withResolvers<readonly EventItem[]>();
    process.worker.onPost = isPosted.resolve;
    void process.updates.received([update(1, 5), update(2, 6)], never);
    assert.deepEqual(ids(await isPosted.promise), [1, 2]);
  });

  test("one that has been seen before is not posted again, settled or not", async () => {
    await using process = await Process.start();
    const { worker, updates } = process;
    await process.receive(update(1, 5), update(2, 5));
    updates.settled(worker, [worker.posted[0]!.seq]);
    assert.equal(await process.receive(update(1, 5), update(2, 5), update(3, 5)), 1);
    assert.deepEqual(worker.ids, [1, 2, 3]);
  });

  test("its attempt is on disk before it is at the worker, and its settlement when the turn has ended", async () => {
    await using process = await Process.start();
    const { worker, updates } = process;
    let copies: Buffer[] = [];
    worker.onPost = () => {
      copies = SUFFIXES.map((suffix) => readFileSync(`${process.path}${suffix}`));
    };
    await process.receive(update(1, 5));
    const [entry] = await unsettledIn(copies);
    assert.equal(entry!.attempts, 1);
    updates.settled(worker, worker.seqs);
    assert.deepEqual(await process.unsettled(), []);
  });

  test("one that a drained worker leaves is no death, and no attempt where no application received it", async () => {
    await using process = await Process.start();
    await process.receive(update(1, 5), update(2, 5));
    const [, second] = process.worker.seqs as [number, number];
    process.updates.workerDrained(process.worker, [second]);
    assert.deepEqual(
      (await process.unsettled()).map(({ attempts, deaths }) => ({ attempts, deaths })),
      [
        { attempts: 1, deaths: 0 },
        { attempts: 0, deaths: 0 },
      ],
    );
    await process.replaceWorker(() => {});
    assert.deepEqual(process.worker.ids, [1, 2]);
    assert.deepEqual(
      process.worker.posted.map(({ attempt }) => attempt),
      [2, 1],
    );
  });

  test("one that a drained worker leaves begins anew at once at a worker that is ready in the same turn", async () => {
    await using process = await Process.start();
    await process.receive(update(1, 5));
    await process.replaceWorker((worker) => process.updates.workerDrained(worker, worker.seqs));
    assert.deepEqual(
      process.worker.posted.map(({ attempt }) => attempt),
      [1],
    );
    const [entry] = await process.unsettled();
    assert.deepEqual([entry!.attempts, entry!.deaths], [1, 0]);
  });

  test("one that a dead worker held is posted again, and the death of the culprit is on disk", async () => {
    await using process = await Process.start();
    await process.know(5, 6);
    await process.receive(update(1, 5), update(2, 6));
    const [culprit] = process.worker.seqs;
    await process.replaceWorker((worker) => process.updates.workerDied(worker, { guessed: [culprit!] }));
    const quarantine = await process.openQuarantine();
    assert.deepEqual([process.worker.ids, quarantine.ids], [[2], [1]]);
    assert.deepEqual(
      (await process.unsettled()).map(({ attempts, deaths }) => ({ attempts, deaths })),
      [
        { attempts: 2, deaths: 1 },
        { attempts: 2, deaths: 0 },
      ],
    );
  });

  test("a paused worker gets nothing, and no more do dead and drained ones", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    updates.workerPaused(worker);
    await process.receive(update(1, 5));
    updates.workerDrained(worker, []);
    await process.receive(update(2, 5));
    assert.deepEqual(worker.ids, []);
    assert.equal(updates.unsettled, 2);
    updates.workerReady(worker);
    await process.recorder.end();
    assert.deepEqual(worker.ids, [1, 2]);
  });

  test("a worker is paused when it has the deliveries that have begun, however long the inbox takes to record them", async (t) => {
    await using process = await Process.start();
    const { updates, worker, inbox } = process;
    const recorded = Promise.withResolvers<void>();
    const record = inbox.record.bind(inbox);
    t.mock.method(inbox, "record", (turn: Turn) => recorded.promise.then(() => record(turn)));
    await updates.received([update(1, 5)], never);
    const paused = updates.workerPaused(worker);
    assert.equal(await isSettled(paused), false);
    recorded.resolve();
    await paused;
    assert.deepEqual(worker.ids, [1]);
  });

  test("one older than is wanted is neither stored nor posted, and counts as new", async () => {
    await using process = await Process.start(undefined, { oldest: 1000 });
    const dated = (update_id: number, date: number) => ({ update_id, message: { chat: { id: 1 }, date } });
    const batch = [dated(1, 999), dated(2, 1000), { update_id: 3, callback_query: { from: { id: 1 } } }];
    assert.equal(await process.receive(...batch), 3);
    assert.deepEqual(process.worker.ids, [2, 3]);
    assert.equal((await process.unsettled()).length, 2);
  });

  test("its number finds it while its worker holds it", async () => {
    await using process = await Process.start();
    await process.receive(update(7, 5));
    const { updates, worker } = process;
    const [seq] = worker.seqs as [number];
    const { scope, update_id, kind } = updates.posted(0, seq)!;
    assert.deepEqual({ scope, update_id, kind }, { scope: "chat:5", update_id: 7, kind: "message" });
    assert.equal(updates.posted(0, seq + 1), undefined);
    updates.settled(worker, [seq]);
    assert.equal(updates.posted(0, seq), undefined);
  });

  test("it waits while 32 are on their way to its worker, and is posted when one of these is taken", async () => {
    await using process = await Process.start();
    const { worker, updates, recorder } = process;
    await process.receive(...Array.from({ length: 40 }, (_, i) => update(i + 1, i + 1)));
    assert.equal(worker.posted.length, 32);
    updates.taken(worker, worker.seqs.slice(0, 3));
    await recorder.end();
    assert.equal(worker.posted.length, 35);
  });

  test("unsettled updates and events at the worker are counted", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: 5000 });
    await using process = await Process.start();
    const { updates, worker } = process;
    assert.deepEqual(
      [updates.unsettled, updates.postedCount, updates.oldest, updates.fullSince],
      [0, 0, undefined, undefined],
    );
    await updates.idle();
    await process.receive(...Array.from({ length: 40 }, (_, i) => update(i, 5)));
    assert.deepEqual([updates.unsettled, updates.postedCount, updates.oldest], [40, 2, 5000]);
    const idle = updates.idle();
    assert.equal(await isSettled(idle), false);
    for (let left = 40; left > 0; left = updates.unsettled) {
      updates.settled(worker, worker.seqs);
      await process.recorder.end();
    }
    await idle;
    assert.deepEqual(await process.unsettled(), []);
  });

  test("received() waits while the inbox is full, and gives up with its signal", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    const batch = Array.from({ length: 9_999 }, (_, i) => update(i, i));
    await process.receive(...batch);
    assert.equal(updates.fullSince, undefined);
    const stopping = new AbortController();
    const waiting = [updates.received([update(10_000, 1)], never), updates.received([], stopping.signal)] as const;
    await process.recorder.end();
    assert.deepEqual([await isSettled(waiting[0]), await isSettled(waiting[1])], [false, false]);
    assert.ok(updates.fullSince! <= Date.now());
    stopping.abort();
    assert.equal(await waiting[1], 0);
    const room = updates.room(never);
    while (updates.unsettled > 5000) {
      assert.deepEqual([await isSettled(waiting[0]), await isSettled(room)], [false, false]);
      updates.settled(
        worker,
        worker.posted.splice(0).map(({ seq }) => seq),
      );
      await process.recorder.end();
    }
    assert.equal(await waiting[0], 1);
    await room;
  });

  test("close() ends posting; posted events can still be settled", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, 5));
    updates.close();
    await process.receive(update(2, 5), update(3, 6));
    updates.settled(worker, worker.seqs);
    assert.deepEqual(
      (await process.unsettled()).map(({ update_id }) => update_id),
      [2, 3],
    );
    assert.deepEqual(worker.ids, [1]);
  });

  test("an inbox that fails is reported to onError, and to the source", async () => {
    const process = await Process.start();
    await process.die();
    await assert.rejects(process.updates.received([update(1, 5)], never), { code: "ASGIGRAM_INBOX" });
    process.updates.onError(new Error("the file is gone"));
    process.updates.settled(process.worker, [1]);
    await process.recorder.end();
    const [own, inbox] = process.errors as [Error, Error];
    assert.equal(own.message, "the file is gone");
    assert.match(inbox.message, /^the inbox .* could not be written: /);
    assert.equal(process.errors.length, 2);
  });
});

describe("a dead letter", () => {
  test("it is an event that the application threw at, with the error and its worker's last words", async () => {
    await using process = await Process.start();
    const { worker, updates } = process;
    await process.receive(update(1, 5), update(2, 5));
    updates.failed(worker, worker.posted[0]!.seq, "Error: no secret");
    assert.deepEqual(
      (await process.unsettled()).map(({ update_id }) => update_id),
      [2],
    );
    const [{ reason, log, attempts, update_id } = assert.fail()] = process.letters();
    assert.deepEqual(
      { reason, log, attempts, update_id },
      { reason: "Error: no …", log: "its last words", attempts: 1, update_id: 1 },
    );
    assert.equal(updates.unsettled, 1);
    assert.deepEqual(worker.ids, [1, 2]);
  });

  test("it is input that has no payload that could be an event, or no id; the rest of the batch goes on", async () => {
    await using process = await Process.start();
    const absurd = [null, 7, "x", [], {}, { update_id: "1", message: {} }, { update_id: -1, message: {} }];
    const hollow = [
      { update_id: 1 },
      { update_id: 2, message: null },
      { update_id: 3, message: [1] },
      { update_id: 4, message: 3 },
    ];
    assert.equal(await process.receive(...absurd, ...hollow, update(5, 5)), 5);
    assert.deepEqual(process.worker.ids, [5]);
    assert.equal(process.letters().length, absurd.length + hollow.length);
    assert.equal(process.updates.unsettled, 1);
    assert.deepEqual(
      (await process.unsettled()).map(({ update_id }) => update_id),
      [5],
    );
  });

  test("it is an event that killed its worker three times, and was known for it", async () => {
    await using process = await Process.start();
    await process.receive(update(1, 5), update(2, 5));
    await process.replaceWorker((worker) => process.updates.workerDied(worker, { guessed: worker.seqs.slice(0, 1) }));
    for (let death = 2; death <= 3; death++) {
      assert.deepEqual((await process.openQuarantine()).ids, [1]);
      process.killQuarantine();
      await process.recorder.end();
    }
    const [{ reason, log, attempts, update_id } = assert.fail()] = process.letters();
    const why = "its worker died 3 times while it handled this event";
    assert.deepEqual({ reason, log, attempts, update_id }, { reason: why, log: "", attempts: 3, update_id: 1 });
    assert.deepEqual([process.worker.ids, process.updates.unsettled, process.isQuarantineWanted], [[2], 1, false]);
    const [told, ...others] = process.worker.pushed;
    assert.deepEqual(others, []);
    const { event, ...item } = told as ToWorker & { type: "deadLettered" };
    assert.deepEqual(item, { type: "deadLettered", error: why, isOverdue: false });
    assert.deepEqual([JSON.parse(event.body).update_id, event.attempt], [1, 3]);
  });

  test("the chat's worker is told of it before it gets the next event of the chat, and only once", async () => {
    await using process = await Process.start();
    await process.know(5);
    await process.receive(update(1, 5), update(2, 5));
    const course: string[] = [];
    process.worker.onPost = () => course.push("posted");
    await process.replaceWorker((worker) => process.updates.workerDied(worker, { named: worker.seqs[0] }));
    await process.openQuarantine();
    process.killQuarantine();
    await process.openQuarantine();
    process.worker.onPost = (events) =>
      course.push(...process.worker.pushed.map(({ type }) => type), ...ids(events).map(String));
    process.killQuarantine();
    await process.recorder.end();
    await process.replaceWorker((worker) => process.updates.workerDied(worker, {}));
    assert.deepEqual(course, ["deadLettered", "2"]);
    assert.deepEqual([process.worker.pushed, process.worker.ids], [[], [2]]);
  });

  test("the chat's worker is told of it when it is ready, if it is being replaced", async () => {
    await using process = await Process.start();
    await process.know(5, 6);
    await process.receive(update(1, 5), update(2, 6));
    await process.replaceWorker((worker) => process.updates.workerDied(worker, { named: worker.seqs[0] }));
    await process.openQuarantine();
    process.killQuarantine();
    await process.openQuarantine();
    await process.replaceWorker((worker) => {
      process.updates.workerDied(worker, {});
      process.killQuarantine();
    });
    assert.deepEqual(
      process.worker.pushed.map(({ type }) => type),
      ["deadLettered"],
    );
    assert.deepEqual(process.worker.ids, [2]);
  });

  test("it is an event that blocked its worker for too long, and the next worker is told that it was late", async () => {
    await using process = await Process.start();
    await process.receive(update(1, 5));
    const [{ seq } = assert.fail()] = process.worker.posted;
    await process.replaceWorker((worker) => process.updates.eventOverdue(worker, seq));
    const [told] = process.worker.pushed as (ToWorker & { type: "deadLettered" })[];
    assert.deepEqual([told?.event.seq, told?.event.attempt, told?.isOverdue], [seq, 1, true]);
  });

  test("it is an event at which the process died three times while it was in quarantine", async () => {
    const path = newPath();
    // Twice among others, then three times alone.
    for (let start = 1; start <= 5; start++) {
      await using process = new Process(path);
      const { inbox, updates, worker } = process;
      await inbox.start(updates);
      if (start === 1) await updates.received([update(1, 5)], never);
      updates.workerReady(worker);
      await process.recorder.end();
      assert.deepEqual(process.letters(), []);
      if (start <= 2) assert.deepEqual(worker.ids, [1]);
      else assert.deepEqual([worker.ids, (await process.openQuarantine()).ids], [[], [1]]);
    }
    await using process = await Process.start(path);
    await process.recorder.end();
    const [letter] = process.letters();
    assert.equal(letter!.update_id, 1);
    assert.match(letter!.reason, /the process died 3 times .* if it was killed from outside, retry the event/);
    const [told] = process.worker.pushed as (ToWorker & { type: "deadLettered" })[];
    assert.equal(told!.error, letter!.reason);
    assert.deepEqual([told!.event.attempt, JSON.parse(told!.event.body).update_id], [letter!.attempts, 1]);
  });

  test("a suspect that an earlier process left begins after the others, and 10 s after the start at the latest", async (t) => {
    const path = newPath();
    for (let start = 1; start <= 2; start++) {
      await using process = await Process.start(path);
      if (start === 1) await process.receive(update(1, 5));
      await process.recorder.end();
    }
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using process = new Process(path);
    await process.inbox.start(process.updates);
    await process.receive(update(2, 6));
    process.updates.workerReady(process.worker);
    await process.recorder.end();
    assert.deepEqual([process.worker.ids, process.isQuarantineWanted], [[2], false]);
    t.mock.timers.tick(9999);
    assert.equal(process.isQuarantineWanted, false);
    t.mock.timers.tick(1);
    assert.deepEqual((await process.openQuarantine()).ids, [1]);
  });

  test("one of two guesses that is at work for half a second makes way for the other", async (t) => {
    await using process = await Process.start();
    await process.receive(update(1, 5), update(2, 6));
    await process.replaceWorker((worker) => process.updates.workerDied(worker, { guessed: worker.seqs }));
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const quarantine = await process.openQuarantine();
    assert.deepEqual(quarantine.ids, [1]);
    t.mock.timers.tick(500);
    await process.recorder.end();
    assert.deepEqual(quarantine.ids, [1, 2]);
  });

  for (const [attempts, time] of [
    [2, 250],
    [3, 500],
    [4, 1000],
    [40, 600_000],
  ] as const) {
    test(`a suspect with ${attempts} attempts makes way after ${time} ms, and a death speaks against the next one alone`, async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      await using process = await withSuspects({ attempts }, update(1, 5), update(2, 6));
      const quarantine = await process.openQuarantine();
      t.mock.timers.tick(time - 1);
      await process.recorder.end();
      assert.deepEqual(quarantine.ids, [1]);
      t.mock.timers.tick(1);
      await process.recorder.end();
      assert.deepEqual(quarantine.ids, [1, 2]);
      assert.deepEqual(countsOf(await process.unsettled()), [
        { update_id: 1, attempts: attempts + 1, orphaned: 0 },
        { update_id: 2, attempts: attempts + 1, orphaned: 1 },
      ]);
    });
  }

  test("a suspect that was interrupted often holds up other suspects, but what is none for a quarter of a second alone", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using process = await withSuspects({ attempts: 6 }, update(1, 5), update(2, 6));
    const quarantine = await process.openQuarantine();
    // The chat of a suspect that is settled stays in quarantine.
    process.updates.settled(quarantine, quarantine.seqs);
    await process.receive(update(3, 5));
    assert.deepEqual(quarantine.ids, [1, 2]);
    t.mock.timers.tick(249);
    await process.recorder.end();
    assert.deepEqual(quarantine.ids, [1, 2]);
    t.mock.timers.tick(1);
    await process.recorder.end();
    assert.deepEqual(quarantine.ids, [1, 2, 3]);
    // Without another suspect it stays the only one.
    t.mock.timers.tick(60_000);
    assert.equal((await process.unsettled())[0]!.orphaned, 1);
  });

  test("a suspect has the quarantine to itself for twice as long after each death of its worker", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using process = await withSuspects({ attempts: 2, deaths: 2 }, update(1, 5), update(2, 6));
    const quarantine = await process.openQuarantine();
    process.updates.settled(quarantine, quarantine.seqs);
    await process.receive(update(3, 5));
    t.mock.timers.tick(999);
    await process.recorder.end();
    assert.deepEqual(quarantine.ids, [1, 2]);
    t.mock.timers.tick(1);
    await process.recorder.end();
    assert.deepEqual(quarantine.ids, [1, 2, 3]);
  });

  test("a suspect keeps the quarantine to itself while no other event waits for it", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using process = await withSuspects({ attempts: 2 }, update(1, 5));
    const quarantine = await process.openQuarantine();
    t.mock.timers.tick(60_000);
    assert.deepEqual(countsOf(await process.unsettled()), [{ update_id: 1, attempts: 3, orphaned: 1 }]);
    // Its own chat waits for it.
    await process.receive(update(2, 5));
    t.mock.timers.tick(60_000);
    await process.recorder.end();
    assert.deepEqual([quarantine.ids, (await process.unsettled())[0]!.orphaned], [[1], 1]);
  });

  test("a death does not speak against a suspect whose application went on", async () => {
    await using process = await withSuspects({ attempts: 2 }, update(1, 5));
    const quarantine = await process.openQuarantine();
    process.updates.kept(quarantine, quarantine.seqs[0]!);
    assert.deepEqual(countsOf(await process.unsettled()), [{ update_id: 1, attempts: 3, orphaned: 0 }]);
  });

  test("events of new chats are tried in quarantine for ten seconds after a death", async (t) => {
    await using process = await Process.start();
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await process.replaceWorker((worker) => process.updates.workerDied(worker, {}));
    t.mock.timers.tick(9999);
    await process.receive(update(1, 5));
    t.mock.timers.tick(1);
    await process.receive(update(2, 6));
    assert.deepEqual([process.worker.ids, (await process.openQuarantine()).ids], [[2], [1]]);
  });

  test("a program has them in its worker, each for a quarter of a second to itself", async (t) => {
    const path = newPath();
    for (let start = 1; start <= 2; start++) {
      await using process = await Process.start(path);
      if (start === 1) await process.receive(update(1, 5));
      await process.recorder.end();
    }
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using process = new Process(path);
    process.worker.take = (seqs) => process.updates.taken(process.worker, seqs);
    await process.inbox.start(process.updates);
    await process.receive(update(2, 6));
    process.updates.servesProgram(1);
    process.updates.workerReady(process.worker);
    await process.recorder.end();
    assert.deepEqual([process.worker.ids, process.isQuarantineWanted], [[1], false]);
    t.mock.timers.tick(249);
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [1]);
    t.mock.timers.tick(1);
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [1, 2]);
  });

  test("it is an update that the inbox cannot read any more; the others of its chat go on", async () => {
    const path = newPath();
    {
      await using process = new Process(path);
      await process.updates.received([update(1, 5), update(2, 5), update(3, 5)], never);
    }
    const file = new DatabaseSync(path);
    file.exec(`UPDATE event SET body = '{"update_id":2,' WHERE update_id = 2`);
    file.close();
    await using process = await Process.start(path);
    await process.recorder.end();
    // The unreadable one has made room.
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [1, 3]);
    assert.deepEqual([process.updates.unsettled, process.updates.postedCount], [2, 2]);
    const [letter, ...others] = process.letters();
    assert.deepEqual([letter!.update_id, letter!.reason, others], [2, "its stored body cannot be read", []]);
    assert.match(
      process.lines.join("\n"),
      /"update_id":2,"msg":"a stored update cannot be read and is now a dead letter/,
    );
  });

  test("input that a server repeats is one, and is told once", async () => {
    await using process = await Process.start();
    for (let poll = 0; poll < 3; poll++) await process.receive({ update_id: -1, message: {} });
    assert.equal(process.letters().length, 1);
    assert.equal(process.lines.filter((line) => line.includes("input from Telegram is now a dead letter")).length, 1);
  });

  test("one that is retried is delivered by the server that runs", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    await using process = await Process.start();
    await process.receive(update(1, 5));
    process.updates.failed(process.worker, process.worker.posted[0]!.seq, "Error");
    await process.recorder.end();
    const letters = new DeadLetters(process.path);
    letters.retry({});
    letters.close();
    t.mock.timers.tick(1000);
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [1, 1]);
    assert.equal(process.worker.posted[1]!.attempt, 1);
  });
});

test("updates that the inbox has lost are an error in the log, with their number", async () => {
  await using process = await Process.start();
  process.updates.onLoss(210);
  assert.match(
    process.lines.join("\n"),
    /"level":"error".*the inbox lacks the last updates that it had stored, some 210 of them: /,
  );
});

describe("a shard that is taken away", () => {
  /** Chats of two shards that have the same worker. */
  const [OURS, THEIRS] = [5, 6];
  const SHARD = shardOf(THEIRS, SHARDS);
  assert.notEqual(SHARD, shardOf(OURS, SHARDS));

  test("deliveries that have begun are at the worker before it ends the shard's instances", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    const ended: [shard: number, held: number[]][] = [];
    worker.end = async (shard) => {
      ended.push([shard, worker.ids]);
      return [];
    };
    // In the turn in which the shard is taken away, the event's beginning is not recorded yet.
    updates.onEntry(await entryOf(process, update(1, THEIRS)));
    await updates.onRevoked(SHARD);
    assert.deepEqual(ended, [[SHARD, [1]]]);
    assert.deepEqual(worker.ids, [1]);
  });

  test("nothing of it is posted from then on, and its events are left to the inbox", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(...Array.from({ length: 40 }, (_, i) => update(1 + i, THEIRS)), update(100, OURS));
    assert.equal(worker.posted.length, 3);
    worker.end = async () => {
      // The application finishes the event at hand.
      updates.settled(worker, [worker.seqs[0]!]);
      return worker.seqs.slice(1, 2);
    };
    await updates.onRevoked(SHARD);
    assert.equal(worker.posted.length, 3);
    assert.deepEqual([updates.unsettled, updates.postedCount], [1, 1]);
    const left = await process.unsettled();
    assert.equal(left.length, 40);
    assert.deepEqual([...new Set(left.map(({ attempts }) => attempts))], [0, 1]);
    assert.deepEqual(
      left.filter(({ attempts }) => attempts > 0).map(({ update_id }) => update_id),
      [100],
      "an event that no application received was not attempted",
    );
  });

  test("onRevoked() resolves when the instances have ended and their last facts are recorded", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, THEIRS));
    const ending = Promise.withResolvers<number[]>();
    worker.end = () => ending.promise;
    const revoked = updates.onRevoked(SHARD);
    await process.recorder.end();
    assert.equal(await isSettled(revoked), false);
    updates.settled(worker, worker.seqs);
    ending.resolve([]);
    await revoked;
    assert.deepEqual(await unsettledIn(SUFFIXES.map((suffix) => readFileSync(`${process.path}${suffix}`))), []);
  });

  test("an event that the application gave up is not settled, and its attempt counts", async () => {
    await using process = await Process.start();
    const { updates } = process;
    await process.receive(update(1, THEIRS));
    await updates.onRevoked(SHARD);
    assert.equal(updates.unsettled, 0);
    const [entry] = await process.unsettled();
    assert.equal(entry!.attempts, 1);
  });

  test("other shards of the worker go on meanwhile", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, THEIRS));
    const ending = Promise.withResolvers<number[]>();
    worker.end = () => ending.promise;
    const revoked = updates.onRevoked(SHARD);
    await process.receive(update(2, OURS), update(3, OURS));
    updates.settled(worker, [worker.seqs[1]!]);
    await process.recorder.end();
    assert.deepEqual(worker.ids, [1, 2, 3]);
    ending.resolve([]);
    await revoked;
    assert.deepEqual([updates.unsettled, updates.postedCount], [1, 1]);
  });

  test("a worker that dies while it ends the instances leaves nothing of the shard", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.know(OURS);
    await process.receive(update(1, THEIRS), update(2, OURS));
    const ending = Promise.withResolvers<number[]>();
    worker.end = () => ending.promise;
    const revoked = updates.onRevoked(SHARD);
    await loopTurn();
    await process.replaceWorker((dead) => updates.workerDied(dead, {}));
    ending.resolve([]);
    await revoked;
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [2]);
    assert.equal(updates.unsettled, 1);
    assert.deepEqual(
      (await process.unsettled()).map(({ update_id, deaths }) => ({ update_id, deaths })),
      [
        { update_id: 1, deaths: 0 },
        { update_id: 2, deaths: 0 },
      ],
    );
  });

  test("a worker that is drained while it ends the instances leaves nothing of the shard", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, THEIRS), update(2, OURS));
    const ending = Promise.withResolvers<number[]>();
    worker.end = () => ending.promise;
    const revoked = updates.onRevoked(SHARD);
    await loopTurn();
    await process.replaceWorker((drained) => updates.workerDrained(drained, drained.seqs));
    ending.resolve([]);
    await revoked;
    await process.recorder.end();
    assert.deepEqual(process.worker.ids, [2]);
    assert.equal(updates.unsettled, 1);
    assert.deepEqual(
      (await process.unsettled()).map(({ update_id, attempts }) => ({ update_id, attempts })),
      [
        { update_id: 1, attempts: 0 },
        { update_id: 2, attempts: 1 },
      ],
    );
  });

  test("a drained worker's events that were let go with their shard are not withdrawn again", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, THEIRS), update(2, OURS));
    worker.end = async () => [worker.seqs[0]!];
    await updates.onRevoked(SHARD);
    updates.workerDrained(worker, worker.seqs);
    assert.deepEqual(
      (await process.unsettled()).map(({ attempts }) => attempts),
      [0, 0],
    );
  });

  test("without a worker it is taken away at once", async () => {
    await using process = new Process();
    const { updates, inbox } = process;
    await inbox.start(updates);
    await process.receive(update(1, THEIRS), update(2, OURS));
    await updates.onRevoked(SHARD);
    assert.equal(updates.unsettled, 1);
  });

  test("when it is given back, its events are posted again, in order", async () => {
    await using process = await Process.start();
    const { updates, worker } = process;
    await process.receive(update(1, THEIRS), update(2, THEIRS));
    await updates.onRevoked(SHARD);
    for (const entry of await process.unsettled()) updates.onEntry({ ...entry, origin: "recovered" });
    await process.receive(update(3, THEIRS));
    assert.deepEqual(worker.ids, [1, 2, 1, 2]);
    updates.settled(worker, worker.seqs);
    await process.recorder.end();
    assert.deepEqual(worker.ids, [1, 2, 1, 2, 3]);
    updates.settled(worker, worker.seqs);
    assert.deepEqual(await process.unsettled(), []);
    assert.equal(updates.unsettled, 0);
  });

  test("an event whose delivery the inbox refuses is let go, and the others go on", async () => {
    await using process = await Process.start();
    const { updates, worker, inbox } = process;
    const record = inbox.record.bind(inbox);
    mock.method(inbox, "record", (turn: Parameters<typeof record>[0]) => {
      const refused = turn.begun.filter(({ seq }) => seq === 2).map(({ seq }) => seq);
      record({ ...turn, begun: turn.begun.filter(({ seq }) => seq !== 2) });
      return refused;
    });
    await process.receive(update(1, OURS), update(2, THEIRS), update(3, OURS));
    await process.recorder.end();
    assert.deepEqual(worker.ids, [1, 3]);
    assert.deepEqual([updates.unsettled, updates.postedCount], [2, 2]);
  });

  /** The entry of an update that is stored but not handed over. */
  async function entryOf({ inbox, updates }: Process, update: { update_id: number }): Promise<InboxEntry> {
    const { onEntry } = updates;
    const taken = Promise.withResolvers<InboxEntry>();
    updates.onEntry = (entry) => {
      updates.onEntry = onEntry;
      taken.resolve(entry);
    };
    await inbox.append([received(update)]);
    return await taken.promise;
  }
});

test("every update ends settled, dead or still there; none is posted after its end, and none out of order", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("receive" as const),
        chats: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 10 }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("settle" as const), count: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("crash" as const), quarantine: fc.boolean(), isGuessed: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const), unseen: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("revoke" as const), chat: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("end the turn" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let process = await Process.start();
      const { path } = process;
      let received = 0;
      const ended = new Set<number>();
      const chatOf = new Map<number, number>();
      // Posted to the worker's present life, and not ended.
      const heldBy = (worker?: SpyWorker) =>
        worker?.posted.filter(({ body }) => !ended.has(JSON.parse(body).update_id)) ?? [];
      const held = () => [...heldBy(process.worker), ...heldBy(process.quarantine)];
      const settleAt = (worker: SpyWorker | undefined, count: number) => {
        const events = heldBy(worker).slice(0, count);
        if (worker === undefined || events.length === 0) return;
        for (const id of ids(events)) ended.add(id);
        process.updates.settled(
          worker,
          events.map(({ seq }) => seq),
        );
      };
      const settle = (count: number) => {
        settleAt(process.worker, count);
        settleAt(process.quarantine, count);
      };
      const check = (events: readonly EventItem[]) => {
        for (const id of ids(events)) assert.ok(!ended.has(id), `${id} was posted after its end`);
        for (const chat of new Set(chatOf.values())) {
          const order = ids([...held(), ...events]).filter((id) => chatOf.get(id) === chat);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
            `the order in chat ${chat}`,
          );
        }
      };
      const watch = () => {
        process.worker.onPost = check;
        if (process.quarantine !== undefined) process.quarantine.onPost = check;
      };
      watch();
      const replaceWorker = (how: () => void) => {
        how();
        process.worker.isDead = true;
        process.worker = new SpyWorker();
        watch();
        process.updates.workerReady(process.worker);
      };
      for (const step of steps) {
        switch (step.do) {
          case "receive": {
            const updates = step.chats.map((chat) => update(++received, chat));
            for (const { update_id, message } of updates) chatOf.set(update_id, message.chat.id);
            await process.updates.received(updates, never);
            break;
          }
          case "settle":
            settle(step.count);
            break;
          case "fail": {
            const [event] = heldBy(process.worker);
            if (event === undefined) break;
            ended.add(ids([event])[0]!);
            process.updates.failed(process.worker, event.seq, "Error");
            break;
          }
          case "crash": {
            const guessed = step.isGuessed
              ? heldBy(process.worker)
                  .slice(0, 2)
                  .map(({ seq }) => seq)
              : [];
            if (!step.quarantine) replaceWorker(() => process.updates.workerDied(process.worker, { guessed }));
            else if (process.quarantine !== undefined) process.killQuarantine();
            break;
          }
          case "drain": {
            const unseen = heldBy(process.worker).slice(-step.unseen);
            replaceWorker(() =>
              process.updates.workerDrained(
                process.worker,
                unseen.map(({ seq }) => seq),
              ),
            );
            break;
          }
          case "kill":
            // The ends so far are on disk.
            await process.recorder.end();
            await process.die();
            process = new Process(path);
            watch();
            await process.inbox.start(process.updates);
            process.updates.workerReady(process.worker);
            break;
          case "revoke": {
            const shard = shardOf(step.chat, SHARDS);
            await process.updates.onRevoked(shard);
            // The worker has ended the instances.
            const isTaken = ({ body }: EventItem) => shardOf(JSON.parse(body).message.chat.id, SHARDS) === shard;
            for (const { posted } of [process.worker, process.quarantine ?? new SpyWorker()]) {
              posted.splice(0, Number.POSITIVE_INFINITY, ...posted.filter((event) => !isTaken(event)));
            }
            for (const entry of await process.unsettled()) {
              if (shardOf(chatOf.get(entry.update_id)!, SHARDS) === shard) process.updates.onEntry(entry);
            }
            break;
          }
          case "end the turn":
            await process.recorder.end();
        }
        if (!process.isQuarantineWanted) continue;
        process.quarantine = new SpyWorker(1);
        watch();
        process.isQuarantineWanted = false;
        process.updates.workerReady(process.quarantine);
      }
      // With time, every update comes to its end; after ten seconds at the latest also one that deliveries without an end have left.
      t.mock.timers.tick(10_000);
      await process.recorder.end();
      for (let i = 0; process.updates.unsettled > 0; i++) {
        assert.ok(i < 10_000);
        settle(Number.POSITIVE_INFINITY);
        await process.recorder.end();
        if (process.isQuarantineWanted) await process.openQuarantine();
      }
      const dead = process.letters().map(({ update_id }) => update_id!);
      assert.equal(new Set([...ended, ...dead]).size, received);
      assert.equal(process.updates.unsettled, 0);
      assert.deepEqual(await process.unsettled(), []);
      await process[Symbol.asyncDispose]();
    }),
    {
      numRuns: 40,
      examples: [
        [
          [
            { do: "receive", chats: [1] },
            { do: "drain", unseen: 0 },
            { do: "revoke", chat: 1 },
          ],
        ],
      ],
    },
  );
});

describe("events that throw", () => {
  test("when ten chats throw the same error, no more become dead letters, until one that is tried again is settled", async (t) => {
    await using process = await Process.start();
    const { updates, worker, recorder } = process;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await process.receive(...Array.from({ length: 20 }, (_, i) => update(i + 1, i + 1)));
    const { seqs } = worker;
    const verdicts = seqs.map((seq) => {
      const isHeld = updates.threw(worker, seq, `Error: no answer to ${seq}, secret`);
      if (!isHeld) updates.failed(worker, seq, `Error: no answer to ${seq}, secret`);
      return isHeld;
    });
    assert.equal(verdicts.indexOf(true), 9);
    assert.deepEqual(updates.holding?.error, "Error: no answer to #, …");
    assert.match(process.lines.at(-1)!, /"error":"Error: no answer to #, …".*all events are held/);
    await process.receive(update(30, 30), update(31, 30));
    assert.deepEqual([process.letters().length, worker.posted.length], [9, 20]);
    const decided = () => worker.pushed.splice(0);
    t.mock.timers.tick(1000);
    assert.deepEqual(decided(), [{ type: "decided", seq: seqs[9], after: 0 }]);
    updates.threw(worker, seqs[9]!, "Error: no answer");
    t.mock.timers.tick(2000);
    await recorder.end();
    assert.deepEqual([decided(), worker.ids.slice(20)], [[], [30]]);
    t.mock.timers.tick(4000);
    updates.settled(worker, [seqs[10]!]);
    await recorder.end();
    assert.equal(updates.holding, undefined);
    assert.deepEqual(
      decided().map((item) => item.type === "decided" && item.seq),
      [...seqs.slice(10), seqs[9]],
    );
    assert.deepEqual(worker.ids.slice(20), [30, 31]);
    assert.equal(updates.posted(0, seqs[9]!)!.attempts, 3);
    assert.equal(process.letters().length, 9);
  });

  test("one that is held when its worker ends is at the head of its line, and is tried there", async (t) => {
    await using process = await Process.start();
    const { updates, worker, recorder } = process;
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await process.receive(...Array.from({ length: 10 }, (_, i) => update(i + 1, i + 1)));
    for (const seq of worker.seqs) {
      if (!updates.threw(worker, seq, "Error: away")) updates.failed(worker, seq, "Error: away");
    }
    const held = worker.seqs.at(-1)!;
    await process.replaceWorker((worker) => updates.workerDrained(worker, [held]));
    assert.deepEqual(process.worker.ids, []);
    t.mock.timers.tick(1000);
    await recorder.end();
    assert.deepEqual(process.worker.ids, [10]);
    assert.equal(process.worker.posted[0]!.attempt, 2);
    updates.settled(process.worker, [held]);
    assert.equal(updates.holding, undefined);
    assert.deepEqual(worker.pushed, []);
  });
});
