/**
 * The inbox in a SQLite file, with a ledger beside it for the facts between two transactions. Committed data survives the death
 * of the process. It survives a power cut once the write-ahead log is flushed to the disk: append() waits for that. The flush
 * has a thread of its own, where SQLite itself would hold up the event loop for as long as the disk takes. Settlements are flushed
 * with a later batch: a power cut that undoes one leads to a second delivery, which is promised, and not to a lost update.
 *
 * The file is longer than others because all of it shares one transaction, one ledger and one account of what was handed over.
 */

import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { InboxError } from "../protocol/errors.ts";
import type { JournalFact, RecordedCall } from "../protocol/recorded-call.ts";
import type { LineKind } from "../protocol/route.ts";
import type { StoredValue } from "../protocol/stored-value.ts";
import { type CallRow, callsByEvent, type EventRow, newEntry, storedEntry } from "./entry.ts";
import { FlushThread } from "./flush-thread.ts";
import type { Inbox, InboxEntry, InboxReceiver, ReceivedUpdate, Turn } from "./inbox.ts";
import { InboxFiles } from "./inbox-files.ts";
import { drawEpoch, Ledger } from "./ledger.ts";
import { reroute } from "./reroute.ts";
import { hashOf, MOST_UNREADABLE, SCHEMA_VERSION } from "./schema.ts";
import { type Run, SeenIds } from "./seen-ids.ts";
import { BUSY_TIMEOUT, guarded, lockInboxFile, openInboxFile, transaction } from "./sqlite-file.ts";
import { prepareAll, type Statements } from "./sqlite-statements.ts";
import { isUpdateOf, unreadableTurn } from "./stored-body.ts";
import { StoredValues } from "./stored-values.ts";

export interface DeadLetterLimits {
  /** Number of dead letters kept; the oldest go first. */
  readonly count: number;
  /** Milliseconds for which a dead letter is kept. */
  readonly age: number;
}

/** Pause between two looks for retried dead letters: ms. */
const LOOK = 1000;

const NONE: readonly number[] = [];

export interface SqliteInboxOptions {
  /** The dead letters that are kept; all by default. */
  limits?: DeadLetterLimits;
  /** The setting of --line: events that are stored by another one are brought to it. */
  line?: LineKind;
  /** Time for which a stored value is kept without a write: ms; for good by default. */
  valueAge?: number;
}

const UNLIMITED: DeadLetterLimits = { count: Number.MAX_SAFE_INTEGER, age: Number.MAX_SAFE_INTEGER };

export class SqliteInbox implements Inbox {
  readonly isDurable = true;
  readonly #path: string;
  readonly #limits: DeadLetterLimits;
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #ledger: Ledger;
  readonly #values: StoredValues;
  readonly #files: InboxFiles;
  /** Number of events that were on the disk and are not in the file, as far as the ledger knows. */
  #lost = 0;
  /** Ids of updates that an older format had and that cannot be read. */
  readonly #unreadable: number[] = [];
  #receiver: InboxReceiver | undefined;
  #watch: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #flushes: FlushThread;
  /** True if data was committed since the last flush of the log. */
  #isAhead = false;
  /** Rejects for good once the disk has failed: its content is unknown then. */
  #flushed = Promise.resolve();
  #seen: SeenIds;
  /** The file has no run with a lower number. */
  #oldestRun = 0;
  /** The highest number handed over. */
  #lastSeq = 0;
  #dataVersion: number;

  /**
   * Opens the inbox and locks out other servers.
   * @param path the file; made if it is not there
   * @param bot the id of the bot whose updates it holds
   * @throws InboxError
   */
  constructor(path: string, bot: number, options: SqliteInboxOptions = {}) {
    const { limits = UNLIMITED, line = "chat", valueAge = Number.POSITIVE_INFINITY } = options;
    this.#path = resolve(path);
    this.#limits = limits;
    this.#flushes = new FlushThread(this.#path);
    this.#lock = lockInboxFile(this.#path);
    let database: DatabaseSync | undefined;
    let ledger: Ledger | undefined;
    try {
      database = openInboxFile(this.#path, bot, (update_id) => this.#unreadable.push(update_id));
      this.#database = database;
      transaction(database, this.#path, () => reroute(this.#database, line));
      this.#sql = guarded("read", this.#path, () => prepareAll(this.#database));
      this.#values = new StoredValues(this.#sql, valueAge);
      const { epoch } = guarded("read", this.#path, () => this.#sql.epoch.get() as { epoch: number });
      ledger = guarded("opened", this.#path, () => new Ledger(`${this.#path}-ledger`, epoch));
      this.#ledger = ledger;
      this.#seen = this.#readSeen();
      this.#dataVersion = this.#readDataVersion();
      // An event that is still marked as alone was the only suspect at hand when the last process died. A ledger that seems empty
      // is turned as well: lines of its epoch may stand behind a hole that a power cut left.
      this.#takeOverWith(() => {
        this.#sql.orphan.run();
        this.#sql.dropUnsent.run();
        this.#sql.doubt.run();
      });
      this.#ledger.wipe();
      this.#compareWithLedger();
      this.#files = new InboxFiles(this.#path);
      // It comes up while the workers start.
      this.#flushes.start();
    } catch (error) {
      ledger?.close();
      database?.close();
      this.#lock.close();
      throw error;
    }
  }

  async start(receiver: InboxReceiver): Promise<number> {
    this.#takeOver();
    // From now on connections may take the last descriptors of the process. The thread that flushes has all of its own by then.
    await this.#flushes.flush().catch((cause) => this.#refuse(cause));
    this.#receiver = receiver;
    this.#dataVersion = this.#readDataVersion();
    if (this.#lost > 0) receiver.onLoss(this.#lost);
    for (const update_id of this.#unreadable) receiver.onUnreadable(update_id);
    const count = await this.#recover(receiver);
    if (!this.#isClosed) this.#watch = setInterval(() => this.#look(receiver), LOOK).unref();
    return count;
  }

  /** Hands over what earlier processes left. The events of the first page are at work while others are read. @returns their number */
  async #recover(receiver: InboxReceiver): Promise<number> {
    let count = 0;
    while (!this.#isClosed) {
      const page = this.#readNew("recovered", this.#sql.page);
      if (page.length === 0) break;
      for (const entry of page) receiver.onEntry(entry);
      count += page.length;
      await setImmediate();
    }
    return count;
  }

  async append(updates: readonly ReceivedUpdate[]): Promise<number> {
    const { retried, received } = this.#store(updates);
    for (const entry of retried) this.#receiver?.onEntry(entry);
    for (const entry of received) this.#receiver?.onEntry(entry);
    await this.#flush();
    this.#ledger.stored(received.at(-1)?.seq ?? 0);
    return received.length;
  }

  deadLetterUnreadable(body: string, reason: string): boolean {
    const now = Date.now();
    return this.#write(() => {
      const isNew = this.#sql.deadLetterUnreadable.run(hashOf(body), reason, now, now, body).changes > 0;
      if (isNew) this.#sql.trimUnreadable.run(MOST_UNREADABLE);
      if (isNew) this.#trim();
      return isNew;
    });
  }

  record({ begun, settled, writes, died, withdrawn, deadLettered, journal }: Turn): readonly number[] {
    guarded("written", this.#path, () => this.#ledger.write(begun, settled, journal, writes));
    if (died.length > 0 || withdrawn.length > 0 || deadLettered.length > 0) {
      this.#transaction(() => {
        const now = Date.now();
        for (const seq of died) this.#sql.died.run(seq);
        for (const seq of withdrawn) this.#sql.withdraw.run(seq);
        for (const { seq, reason, log } of deadLettered) {
          const { changes, lastInsertRowid } = this.#sql.deadLetter.run(reason, log, now, seq);
          if (changes > 0) this.#sql.moveCalls.run(-Number(lastInsertRowid), seq);
          this.#sql.delete.run(seq);
        }
        if (deadLettered.length > 0) this.#trim();
      });
    } else if (this.#ledger.isFull) this.#takeOver();
    return NONE;
  }

  read(seqs: readonly number[]): ReadonlyMap<number, string> {
    const { settled } = this.#ledger;
    const found = new Map<number, string>();
    const rows = guarded("read", this.#path, () => this.#sql.read.all(JSON.stringify(seqs))) as unknown as BodyRow[];
    for (const { seq, update_id, kind, body } of rows) {
      if (settled.includes(seq)) continue;
      if (!isUpdateOf(kind, body)) this.#putAside(seq, update_id);
      else found.set(seq, body);
    }
    return found;
  }

  values(keys: readonly string[]): ReadonlyMap<string, StoredValue> {
    return guarded("read", this.#path, () => this.#values.read(keys, this.#ledger.values));
  }

  async clear(before = Number.MAX_SAFE_INTEGER): Promise<number> {
    return this.#transaction(() => Number(this.#sql.clear.run(before).changes));
  }

  async check(): Promise<void> {
    // The check must not hold up the server's event loop until a lock is gone.
    this.#database.exec("PRAGMA busy_timeout = 0");
    try {
      // This writes a page even though its content stays the same; a row that stays the same would write none.
      this.#transaction(() => this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`));
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    await this.#flushes.close();
    try {
      this.#takeOver();
      this.#ledger.wipe();
    } catch {
      // The next start takes the ledger over.
    }
    this.#ledger.close();
    this.#database.close();
    this.#lock.close();
  }

  /** Commits the updates that are not known yet; `retried`: entries with lower numbers that another process put in before. */
  #store(updates: readonly ReceivedUpdate[]): { retried: InboxEntry[]; received: InboxEntry[] } {
    const received_at = Date.now();
    const grown = new Set<Run>();
    const received: InboxEntry[] = [];
    const lastSeq = this.#lastSeq;
    this.#isAhead = true;
    try {
      const retried = transaction(this.#database, this.#path, () => {
        const before = this.#receiver === undefined ? [] : this.#readNew("retried");
        // Old runs go first: after a quiet week, ids are not compared with those of the week before.
        const oldest = this.#seen.forget(received_at);
        if (oldest > this.#oldestRun) this.#sql.forget.run(oldest);
        this.#oldestRun = oldest;
        for (const update of updates) {
          const { update_id, kind, line, shard, chat, body } = update;
          if (this.#seen.has(update_id)) continue;
          grown.add(this.#seen.add(update_id, received_at));
          const { lastInsertRowid } = this.#sql.insert.run(update_id, kind, line, shard, chat, received_at, body);
          received.push(newEntry(Number(lastInsertRowid), update, received_at));
        }
        for (const { id, first, last, since } of grown) this.#sql.remember.run(id, first, last, since);
        return before;
      });
      // Without a receiver, start() will hand them over.
      if (this.#receiver !== undefined) this.#lastSeq = received.at(-1)?.seq ?? this.#lastSeq;
      return { retried, received };
    } catch (error) {
      // The transaction is undone: its ids are not remembered, and what it read is not handed over.
      this.#lastSeq = lastSeq;
      this.#oldestRun = 0;
      this.#seen = this.#readSeen();
      throw error;
    }
  }

  /** Looks for dead letters that a person retries in another process. */
  #look(receiver: InboxReceiver): void {
    try {
      const missing = this.#files.missing();
      if (missing !== undefined) {
        throw new InboxError(
          `${missing}, a file of the inbox, has been removed or replaced while it was in use; what it held may be lost`,
        );
      }
      // In a quiet hour, too, settled events leave the file.
      this.#takeOver();
      this.#writeStored();
      guarded("read", this.#path, () => this.#values.sweep((work) => this.#write(work)));
      const version = this.#readDataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
      // A person may have removed what is stored of a chat.
      this.#ledger.wipe();
      for (const entry of this.#readNew("retried")) receiver.onEntry(entry);
    } catch (error) {
      receiver.onError(error as Error);
    }
  }

  /** The next entries that were not handed over yet, in order. */
  #readNew(origin: InboxEntry["origin"], select = this.#sql.entries): InboxEntry[] {
    const rows = guarded("read", this.#path, () => select.all(this.#lastSeq)) as unknown as EventRow[];
    if (rows.length === 0) return [];
    const calls = this.#readCalls(rows[0]![0], rows.at(-1)![0]);
    const entries = rows.map((row) => storedEntry(row, origin, calls.get(row[0])));
    this.#lastSeq = entries.at(-1)!.seq;
    return entries;
  }

  #readCalls(first: number, last: number): ReadonlyMap<number, readonly RecordedCall[]> {
    const rows = guarded("read", this.#path, () => this.#sql.calls.all(first, last)) as unknown as CallRow[];
    return callsByEvent(rows, ({ id }) => id);
  }

  /** The event's body is damaged: it is a dead letter from now on. */
  #putAside(seq: number, update_id: number): void {
    this.record(unreadableTurn(seq));
    this.#receiver?.onUnreadable(update_id);
  }

  /** Finds out if the file lacks events that the disk had. */
  #compareWithLedger(): void {
    const { seq = 0 } =
      guarded("read", this.#path, () => this.#sql.lastSeq.get() as { seq?: number } | undefined) ?? {};
    this.#lost = Math.max(0, this.#ledger.lastStored - seq);
    // Said once: the numbers are given again.
    if (this.#lost > 0) guarded("written", this.#path, () => this.#ledger.forgetStored());
  }

  #writeStored(): void {
    guarded("written", this.#path, () => this.#ledger.writeStored());
  }

  /** Resolves when the disk has everything that is committed by now. @throws InboxError */
  #flush(): Promise<void> {
    if (this.#isAhead) {
      this.#isAhead = false;
      this.#flushed = this.#flushes.flush().catch((cause) => this.#refuse(cause));
    }
    return this.#flushed;
  }

  #refuse(cause: unknown): void {
    guarded("written", this.#path, () => {
      throw cause;
    });
  }

  #trim(): void {
    this.#sql.trim.run(Date.now() - this.#limits.age, this.#limits.count);
  }

  #readSeen(): SeenIds {
    return new SeenIds(guarded("read", this.#path, () => this.#sql.seen.all()) as unknown as Run[]);
  }

  /** Changes when another connection has written to the file, and only then. */
  #readDataVersion(): number {
    return guarded("read", this.#path, () => this.#sql.dataVersion.get() as { data_version: number }).data_version;
  }

  /** Writes the ledger's facts to the database. */
  #takeOver(): void {
    if (!this.#ledger.isEmpty) this.#takeOverWith(() => {});
  }

  /** A transaction about events that are stored already: the ledger's facts about them go first. */
  #transaction<T>(work: () => T): T {
    return this.#ledger.isEmpty ? this.#write(work) : this.#takeOverWith(work);
  }

  /** Takes over the ledger in the same transaction as the work. */
  #takeOverWith<T>(work: () => T): T {
    const epoch = drawEpoch();
    const result = this.#write(() => {
      const { begun, settled } = this.#ledger;
      const gone = new Set(settled);
      for (const value of this.#ledger.values.values()) this.#values.write(value);
      for (const { seq, alone } of begun) if (!gone.has(seq)) this.#sql.begin.run(alone ? 1 : 0, seq);
      for (const { first, last } of rangesOf(settled)) this.#sql.settle.run(first, last);
      for (const [seq, facts] of this.#ledger.facts) for (const fact of facts) this.#writeFact(seq, fact);
      this.#sql.setEpoch.run(epoch);
      return work();
    });
    this.#ledger.turnTo(epoch);
    return result;
  }

  #writeFact(seq: number, fact: JournalFact): void {
    const { called, answered, dropped, saved } = this.#sql;
    switch (fact.type) {
      case "called": {
        const { id, method, lane, body } = fact.call;
        return void called.run(id, method, lane ?? null, body, seq);
      }
      case "answered":
        return void answered.run(fact.answer, fact.id);
      case "dropped":
        return void dropped.run(fact.id, seq);
      case "saved":
        return void saved.run(fact.json, seq);
    }
  }

  #write<T>(work: () => T): T {
    this.#isAhead = true;
    return transaction(this.#database, this.#path, work);
  }
}

interface BodyRow {
  readonly seq: number;
  readonly update_id: number;
  readonly kind: string;
  readonly body: string;
}

/** Numbers as ranges in which none is missing. */
function rangesOf(numbers: readonly number[]): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const range = ranges.at(-1);
    if (range !== undefined && number <= range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges;
}
