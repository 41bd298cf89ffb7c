/**
 * One connection to the database, on which work is done one after the other. It is opened when there is work, and again after its loss.
 *
 *   run() -- done --> resolved
 *         -- a failure that passes, no answer in time --> a new connection, the work is done again
 *         -- another failure --> InboxError
 *         -- close() --> InboxError
 *
 * So work may be done although its first answer was lost: it has to have the same effect when it is done twice.
 */

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { backoff } from "../../protocol/backoff.ts";
import { InboxError } from "../../protocol/errors.ts";
import type { Database } from "./database.ts";
import { inboxError, isConflict, isPassing, isPooled, NoAnswerError } from "./failure.ts";
import { inTime } from "./patience.ts";
import type { PgClient, PgQuery, PgResult } from "./pg.ts";

export interface ConnectionOptions {
  readonly database: Database;
  /** As the database shows it. */
  readonly name: string;
  /** Time for an answer: ms. */
  readonly patience: number;
  /** Longest pause before work is done again: ms. */
  readonly pause: number;
  /** A failure that passes. */
  onFailure(error: InboxError): void;
  /** Called with each new connection, before it is used. */
  onOpen?(client: PgClient): Promise<void>;
}

/** The connection, for one piece of work. */
export interface Session {
  /** Runs one statement. */
  query<Row = unknown>(query: PgQuery): Promise<PgResult<Row>>;
  /** Runs several statements in one message, which may not have parameters. @returns the result of each */
  script<Row = unknown>(text: string): Promise<readonly PgResult<Row>[]>;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  #client: PgClient | undefined;
  /** Ends when the work before is done. */
  #before: Promise<unknown> = Promise.resolve();
  /** A pooler gives each transaction another connection: nothing is prepared. */
  #isPooled = false;
  /** The names under which statements are prepared, by those of their queries. */
  readonly #prepared = new Map<string, string>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Opens the connection now, once. @throws InboxError */
  async open(): Promise<void> {
    try {
      this.#client = await this.#connect();
    } catch (error) {
      throw inboxError(error, this.#where);
    }
  }

  /** Does the work when the work before is done. @throws InboxError */
  run<T>(work: (session: Session) => Promise<T>, patience = this.#options.patience): Promise<T> {
    const result = this.#before.then(() => this.#repeat(work, patience));
    this.#before = result.catch(() => {});
    return result;
  }

  /** Ends work under way with an error. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#drop();
  }

  /** The next work has a new connection, and need not wait for the end of this one. Work under way is done again there. */
  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await goodbye(client);
  }

  get #where(): string {
    return this.#options.database.shown;
  }

  async #repeat<T>(work: (session: Session) => Promise<T>, patience: number): Promise<T> {
    const { onFailure, pause } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work, patience);
      } catch (error) {
        if (this.#closing.signal.aborted) throw new InboxError(`the inbox in ${this.#where} was closed`);
        if (!isPassing(error)) throw inboxError(error, this.#where);
        if (isPooled(error)) this.#isPooled = true;
        else if (!isConflict(error)) onFailure(inboxError(error, this.#where));
        await this.#recover(error, patience);
        // The first loss is mostly that of a connection alone.
        if (attempt > 1) await this.#pause(backoff(attempt - 1, pause));
      }
    }
  }

  /** Undoes the transaction under way. */
  async #recover(error: unknown, patience: number): Promise<void> {
    if (error instanceof NoAnswerError && this.#client !== undefined) this.#options.database.distrust(this.#client);
    if (this.#client === undefined || !isConflict(error)) return void this.#drop();
    await inTime(this.#client.query("ROLLBACK"), patience).catch((failure) => this.#recover(failure, patience));
  }

  async #attempt<T>(work: (session: Session) => Promise<T>, patience: number): Promise<T> {
    this.#closing.signal.throwIfAborted();
    if (this.#client !== undefined && !this.#options.database.isCurrent(this.#client)) void this.#drop();
    this.#client ??= await this.#connect();
    const client = this.#client;
    const session: Session = {
      query: (query) => client.query(this.#named(query)) as Promise<PgResult<never>>,
      script: async (text) => [await client.query(text)].flat() as PgResult<never>[],
    };
    return await inTime(work(session), patience);
  }

  /**
   * The name is that of its text: behind a pooler, a server connection may have what another bot, with other tables, or another version of
   * asgigram has prepared.
   */
  #named({ name, ...query }: PgQuery): PgQuery {
    if (name === undefined || this.#isPooled) return query;
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) {
      prepared = createHash("sha256").update(query.text).digest("base64url");
      this.#prepared.set(name, prepared);
    }
    return { ...query, name: prepared };
  }

  async #connect(): Promise<PgClient> {
    const { database, name, patience, onOpen } = this.#options;
    const client = await database.connect(name);
    try {
      if (onOpen !== undefined) await inTime(onOpen(client), patience);
      // close() ends what it knows, and this one it did not.
      this.#closing.signal.throwIfAborted();
      return client;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}

/** Time for the end of a connection: ms. */
const GOODBYE = 500;

/** Ends a connection. A machine that is gone does not answer that for a quarter of an hour: nothing waits so long, nor does the process. */
async function goodbye(client: PgClient): Promise<void> {
  await Promise.race([client.end().catch(() => {}), delay(GOODBYE, undefined, { ref: false })]);
  client.unref();
}
