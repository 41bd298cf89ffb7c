/**
 * The inbox in a SQLite file, with a ledger beside it for what happens between two transactions. What is committed survives the
 * death of the process. A power cut it survives as soon as the write-ahead log has been flushed to the disk: sync() does that,
 * on another thread, where SQLite itself would hold up the event loop for as long as the disk takes. What nobody waits for is
 * flushed with a later batch: a settlement that a power cut undoes means a second delivery, which is promised, and not a lost
 * update, which is excluded.
 */

import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import type { ArrivedUpdate, Beginning, Inbox, InboxEntry } from "./inbox.ts";
import { drawEpoch, Ledger } from "./ledger.ts";
import { type Run, SeenIds } from "./seen-ids.ts";
import { BUSY_TIMEOUT, guarded, lockInboxFile, openInboxFile, SCHEMA_VERSION, transaction } from "./sqlite-file.ts";

export interface DeadLetterLimits {
  /** The most that are kept; the oldest go first. */
  readonly count: number;
  /** Milliseconds for which they are kept. */
  readonly age: number;
}

const UNLIMITED: DeadLetterLimits = { count: Number.MAX_SAFE_INTEGER, age: Number.MAX_SAFE_INTEGER };

export class SqliteInbox implements Inbox {
  readonly durable = true;
  readonly #path: string;
  readonly #limits: DeadLetterLimits;
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof prepareAll>;
  readonly #ledger: Ledger;
  /** SQLite's write-ahead log, which lasts as long as the database is open. */
  #log: Promise<FileHandle> | undefined;
  /** Whether something has been committed since the log was last flushed. */
  #isAhead = false;
  /** Rejects for good once the disk has failed: what it has then, nobody can say. */
  #flushed = Promise.resolve();
  #seen: SeenIds;
  #lastSeq: number;
  /** What another process had put in when we put in something behind it. */
  #news: InboxEntry[] = [];
  #dataVersion: number;

  /**
   * @param path the file; made if it is not there
   * @param bot the id of the bot whose updates it holds
   * @throws InboxError
   */
  constructor(path: string, bot: number, limits = UNLIMITED) {
    this.#path = resolve(path);
    this.#limits = limits;
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
      this.#lastSeq = guarded("read", this.#path, () => this.#sql.lastSeq.get() as { seq: number }).seq;
      this.#dataVersion = this.#readDataVersion();
      // Whatever is still marked as alone at its worker was so when the last process ended, without a word. Even a ledger that
      // seems empty is turned: behind a hole, which a power cut leaves, may stand lines of its epoch.
      this.#turn(() => this.#sql.orphan.run());
    } catch (error) {
      ledger?.close();
      database?.close();
      this.#lock.close();
      throw error;
    }
  }

  append(updates: readonly ArrivedUpdate[]): (number | undefined)[] {
    const now = Date.now();
    const grown = new Set<Run>();
    try {
      const stored = this.#write(() => {
        this.#news = [...this.#news, ...this.#read(this.#lastSeq)];
        // First, or after a quiet week the ids would be looked for among those of the week before.
        this.#sql.forget.run(this.#seen.forget(now));
        const seqs = updates.map(({ update_id, body }) => {
          if (this.#seen.has(update_id)) return undefined;
          grown.add(this.#seen.add(update_id, now));
          return Number(this.#sql.insert.run(update_id, body, now).lastInsertRowid);
        });
        for (const { id, first, last, since } of grown) this.#sql.remember.run(id, first, last, since);
        return seqs;
      });
      this.#lastSeq = stored.findLast((seq) => seq !== undefined) ?? this.#lastSeq;
      return stored;
    } catch (error) {
      // What has not been stored has not been seen.
      this.#seen = this.#readSeen();
      throw error;
    }
  }

  sync(): Promise<void> {
    if (this.#isAhead) {
      this.#isAhead = false;
      this.#flushed = this.#flushed.then(() => this.#flush());
    }
    return this.#flushed;
  }

  record(begun: readonly Beginning[], settled: readonly number[]): void {
    guarded("written", this.#path, () => this.#ledger.write(begun, settled));
    if (this.#ledger.isFull) this.#takeOver();
  }

  mourn(seqs: readonly number[]): void {
    this.#transaction(() => {
      for (const seq of seqs) this.#sql.mourn.run(seq);
    });
  }

  withdraw(seqs: readonly number[]): void {
    this.#transaction(() => {
      for (const seq of seqs) this.#sql.withdraw.run(seq);
    });
  }

  bury(seq: number, reason: string, log = ""): void {
    this.#transaction(() => {
      this.#sql.bury.run(reason, log, Date.now(), seq);
      this.#sql.delete.run(seq);
      this.#trim();
    });
  }

  buryUnreadable(body: string, reason: string): void {
    const now = Date.now();
    this.#transaction(() => {
      this.#sql.buryUnreadable.run(body, reason, now, now);
      this.#trim();
    });
  }

  unsettled(): InboxEntry[] {
    this.#takeOver();
    return this.#read(0);
  }

  news(): InboxEntry[] {
    if (!existsSync(this.#path)) {
      throw new InboxError(`the inbox ${this.#path} has been removed while it was in use; what it held is lost`);
    }
    // In a quiet hour, too, what is settled is not to lie about.
    this.#takeOver();
    const version = this.#readDataVersion();
    const news = this.#news.splice(0);
    if (version === this.#dataVersion) return news;
    this.#dataVersion = version;
    return [...news, ...this.#read(this.#lastSeq)];
  }

  clear(before = Number.MAX_SAFE_INTEGER): number {
    return this.#transaction(() => Number(this.#sql.clear.run(before).changes));
  }

  check(): void {
    // Whoever asks must not hold up the server's event loop until a lock is gone.
    this.#database.exec("PRAGMA busy_timeout = 0");
    try {
      // A page is written for it, though it is what it was; a row that stays the same would not be.
      this.#transaction(() => this.#database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`));
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    }
  }

  close(): void {
    void this.#log?.then((log) => log.close()).catch(() => {});
    try {
      this.#takeOver();
    } catch {
      // Then it is done at the next start.
    }
    this.#ledger.close();
    this.#database.close();
    this.#lock.close();
  }

  /** Entries with a higher number than `after`, in order. */
  #read(after: number): InboxEntry[] {
    const rows = guarded("read", this.#path, () => this.#sql.select.all(after));
    const entries = rows as unknown as InboxEntry[];
    this.#lastSeq = Math.max(this.#lastSeq, entries.at(-1)?.seq ?? 0);
    return entries;
  }

  async #flush(): Promise<void> {
    try {
      this.#log ??= open(`${this.#path}-wal`, "r+");
      await (await this.#log).datasync();
    } catch (cause) {
      guarded("written", this.#path, () => {
        throw cause;
      });
    }
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

  #takeOver(): void {
    if (!this.#ledger.isEmpty) this.#turn(() => {});
  }

  /** A transaction that concerns events which are there already: what the ledger has of them comes first. */
  #transaction<T>(work: () => T): T {
    return this.#ledger.isEmpty ? this.#write(work) : this.#turn(work);
  }

  /** Takes over what the ledger has, and does the rest. */
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
    return guarded("written", this.#path, () => transaction(this.#database, work));
  }
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

function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    insert: prepare("INSERT INTO event (update_id, body, received_at) VALUES (?, ?, ?)"),
    seen: prepare("SELECT id, first, last, since FROM seen ORDER BY id"),
    remember: prepare("INSERT OR REPLACE INTO seen (id, first, last, since) VALUES (?, ?, ?, ?)"),
    forget: prepare("DELETE FROM seen WHERE id < ?"),
    begin: prepare("UPDATE event SET attempts = attempts + 1, alone = ? WHERE seq = ?"),
    mourn: prepare("UPDATE event SET deaths = deaths + 1, alone = 0 WHERE seq = ?"),
    orphan: prepare("UPDATE event SET orphaned = orphaned + 1, alone = 0 WHERE alone = 1"),
    withdraw: prepare("UPDATE event SET attempts = attempts - 1, alone = 0 WHERE seq = ?"),
    delete: prepare("DELETE FROM event WHERE seq = ?"),
    settle: prepare("DELETE FROM event WHERE seq BETWEEN ? AND ?"),
    epoch: prepare("SELECT epoch FROM ledger"),
    setEpoch: prepare("UPDATE ledger SET epoch = ?"),
    clear: prepare("DELETE FROM event WHERE received_at < ?"),
    select: prepare(
      "SELECT seq, update_id, attempts, deaths, orphaned, body, received_at FROM event WHERE seq > ? ORDER BY seq",
    ),
    bury: prepare(
      `INSERT INTO dead_letter (update_id, body, attempts, reason, log, received_at, died_at)
       SELECT update_id, body, attempts, ?, ?, received_at, ? FROM event WHERE seq = ?`,
    ),
    buryUnreadable: prepare(
      `INSERT INTO dead_letter (update_id, body, attempts, reason, log, received_at, died_at)
       VALUES (NULL, ?, 0, ?, '', ?, ?)`,
    ),
    trim: prepare(
      "DELETE FROM dead_letter WHERE died_at < ? OR id IN (SELECT id FROM dead_letter ORDER BY id DESC LIMIT -1 OFFSET ?)",
    ),
    lastSeq: prepare("SELECT coalesce(max(seq), 0) AS seq FROM event"),
    dataVersion: prepare("PRAGMA data_version"),
  };
}
