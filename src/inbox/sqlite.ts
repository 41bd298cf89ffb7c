/**
 * The inbox in a SQLite file, with a ledger beside it for the facts between two transactions. Committed data survives the death
 * of the process. It survives a power cut once the write-ahead log is flushed to the disk: append() waits for that. The flush
 * has a thread of its own, where SQLite itself would hold up the event loop for as long as the disk takes. Settlements are flushed
 * with a later batch: a power cut that undoes one leads to a second delivery, which is promised, and not to a lost update.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import type { TelegramObject } from "../protocol/route.ts";
import { FlushThread } from "./flush-thread.ts";
import type { Inbox, InboxEntry, InboxReceiver, ReceivedUpdate, Turn } from "./inbox.ts";
import { drawEpoch, Ledger } from "./ledger.ts";
import { type Run, SeenIds } from "./seen-ids.ts";
import { BUSY_TIMEOUT, guarded, lockInboxFile, openInboxFile, SCHEMA_VERSION, transaction } from "./sqlite-file.ts";
import { prepareAll, type Statements } from "./sqlite-statements.ts";

export interface DeadLetterLimits {
  /** Number of dead letters kept; the oldest go first. */
  readonly count: number;
  /** Milliseconds for which a dead letter is kept. */
  readonly age: number;
}

/** Pause between two looks for retried dead letters: ms. */
const LOOK = 1000;

const NONE: readonly number[] = [];

const UNLIMITED: DeadLetterLimits = { count: Number.MAX_SAFE_INTEGER, age: Number.MAX_SAFE_INTEGER };

export class SqliteInbox implements Inbox {
  readonly isDurable = true;
  readonly #path: string;
  readonly #limits: DeadLetterLimits;
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  readonly #sql: Statements;
  readonly #ledger: Ledger;
  #receiver: InboxReceiver | undefined;
  #watch: NodeJS.Timeout | undefined;
  readonly #flushes: FlushThread;
  /** True if data was committed since the last flush of the log. */
  #isAhead = false;
  /** Rejects for good once the disk has failed: its content is unknown then. */
  #flushed = Promise.resolve();
  #seen: SeenIds;
  /** The highest number handed over. */
  #lastSeq = 0;
  #dataVersion: number;

  /**
   * Opens the inbox and locks out other servers.
   * @param path the file; made if it is not there
   * @param bot the id of the bot whose updates it holds
   * @throws InboxError
   */
  constructor(path: string, bot: number, limits = UNLIMITED) {
    this.#path = resolve(path);
    this.#limits = limits;
    this.#flushes = new FlushThread(this.#path);
    this.#lock = lockInboxFile(this.#path);
    let database: DatabaseSync | undefined;
    let ledger: Ledger | undefined;
    try {
      database = openInboxFile(this.#path, bot);
      this.#database = database;
      this.#sql = guarded("read", this.#path, () => prepareAll(this.#database));
      const { epoch } = guarded("read", this.#path, () => this.#sql.epoch.get() as { epoch: number });
      ledger = guarded("opened", this.#path, () => new Ledger(`${this.#path}-ledger`, epoch));
      this.#ledger = ledger;
      this.#seen = this.#readSeen();
      this.#dataVersion = this.#readDataVersion();
      // An event that is still marked as alone was alone at its worker when the last process died. A ledger that seems empty
      // is turned as well: lines of its epoch may stand behind a hole that a power cut left.
      this.#turn(() => this.#sql.orphan.run());
    } catch (error) {
      ledger?.close();
      database?.close();
      this.#lock.close();
      throw error;
    }
  }

  async start(receiver: InboxReceiver): Promise<number> {
    this.#takeOver();
    this.#receiver = receiver;
    this.#dataVersion = this.#readDataVersion();
    const entries = this.#readNew("recovered");
    for (const entry of entries) receiver.onEntry(entry);
    this.#watch = setInterval(() => this.#look(receiver), LOOK).unref();
    this.#flushes.start();
    return entries.length;
  }

  async append(updates: readonly ReceivedUpdate[]): Promise<number> {
    const { retried, received } = this.#store(updates);
    for (const entry of retried) this.#receiver?.onEntry(entry);
    for (const entry of received) this.#receiver?.onEntry(entry);
    await this.#flush();
    return received.length;
  }

  deadLetterUnreadable(body: string, reason: string): void {
    const now = Date.now();
    this.#transaction(() => {
      this.#sql.deadLetterUnreadable.run(body, reason, now, now);
      this.#trim();
    });
  }

  record({ begun, settled, died, withdrawn, deadLettered }: Turn): readonly number[] {
    guarded("written", this.#path, () => this.#ledger.write(begun, settled));
    if (died.length > 0 || withdrawn.length > 0 || deadLettered.length > 0) {
      this.#transaction(() => {
        const now = Date.now();
        for (const seq of died) this.#sql.died.run(seq);
        for (const seq of withdrawn) this.#sql.withdraw.run(seq);
        for (const { seq, reason, log } of deadLettered) {
          this.#sql.deadLetter.run(reason, log, now, seq);
          this.#sql.delete.run(seq);
        }
        if (deadLettered.length > 0) this.#trim();
      });
    } else if (this.#ledger.isFull) this.#takeOver();
    return NONE;
  }

  async read(seqs: readonly number[]): Promise<ReadonlyMap<number, string>> {
    this.#takeOver();
    const rows = guarded("read", this.#path, () => seqs.map((seq) => this.#sql.read.get(seq)));
    const found = rows.filter((row) => row !== undefined) as unknown as { seq: number; body: string }[];
    return new Map(found.map(({ seq, body }) => [seq, body]));
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
    clearInterval(this.#watch);
    await this.#flushes.close();
    try {
      this.#takeOver();
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
        this.#sql.forget.run(this.#seen.forget(received_at));
        for (const { update_id, update, body } of updates) {
          if (this.#seen.has(update_id)) continue;
          grown.add(this.#seen.add(update_id, received_at));
          const seq = Number(this.#sql.insert.run(update_id, body, received_at).lastInsertRowid);
          received.push(newEntry(seq, update_id, update, body, received_at));
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
      this.#seen = this.#readSeen();
      throw error;
    }
  }

  /** Looks for dead letters that a person retries in another process. */
  #look(receiver: InboxReceiver): void {
    try {
      if (!existsSync(this.#path)) {
        throw new InboxError(`the inbox ${this.#path} has been removed while it was in use; what it held is lost`);
      }
      // In a quiet hour, too, settled events leave the file.
      this.#takeOver();
      const version = this.#readDataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
      for (const entry of this.#readNew("retried")) receiver.onEntry(entry);
    } catch (error) {
      receiver.onError(error as Error);
    }
  }

  /** Entries that were not handed over yet, in order. */
  #readNew(origin: InboxEntry["origin"]): InboxEntry[] {
    const rows = guarded("read", this.#path, () => this.#sql.select.all(this.#lastSeq));
    const entries = (rows as unknown as Omit<InboxEntry, "update" | "origin">[]).map((row) => {
      return { ...row, update: JSON.parse(row.body) as TelegramObject, origin };
    });
    this.#lastSeq = entries.at(-1)?.seq ?? this.#lastSeq;
    return entries;
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
    if (!this.#ledger.isEmpty) this.#turn(() => {});
  }

  /** A transaction about events that are stored already: the ledger's facts about them go first. */
  #transaction<T>(work: () => T): T {
    return this.#ledger.isEmpty ? this.#write(work) : this.#turn(work);
  }

  /** Takes over the ledger in the same transaction as the work. */
  #turn<T>(work: () => T): T {
    const epoch = drawEpoch();
    const result = this.#write(() => {
      const { begun, settled } = this.#ledger;
      const gone = new Set(settled);
      for (const { seq, alone } of begun) if (!gone.has(seq)) this.#sql.begin.run(alone ? 1 : 0, seq);
      for (const { first, last } of rangesOf(settled)) this.#sql.settle.run(first, last);
      this.#sql.setEpoch.run(epoch);
      return work();
    });
    this.#ledger.turnTo(epoch);
    return result;
  }

  #write<T>(work: () => T): T {
    this.#isAhead = true;
    return transaction(this.#database, this.#path, work);
  }
}

function newEntry(
  seq: number,
  update_id: number,
  update: TelegramObject,
  body: string,
  received_at: number,
): InboxEntry {
  return { seq, update_id, update, body, origin: "received", attempts: 0, deaths: 0, orphaned: 0, received_at };
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
