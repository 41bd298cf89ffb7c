/**
 * The inbox in a PostgreSQL database, which several servers share. Each has a part of the shards, by leases: it gets the events of these, and
 * begins none of others. What is committed survives the death of a server; it survives that of the database's machine as far as
 * the database is set up for it.
 *
 * Four connections, so that none holds up another: renewals; reading; appends; turns.
 *
 * The file is longer than others because it ties all of these to the inbox's contract.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { CallBudget } from "../../protocol/call-budget.ts";
import { InboxError } from "../../protocol/errors.ts";
import type { InboxShare } from "../../protocol/inbox-share.ts";
import type { LineKind } from "../../protocol/route.ts";
import { SHARDS } from "../../protocol/shard.ts";
import type { StoredValue } from "../../protocol/stored-value.ts";
import type { Election } from "../../protocol/update-source.ts";
import type { Inbox, InboxReceiver, ReceivedUpdate, Turn } from "../inbox.ts";
import { hashOf, MOST_UNREADABLE } from "../schema.ts";
import { isUpdateOf, unreadableTurn } from "../stored-body.ts";
import { append } from "./append.ts";
import { BudgetShare } from "./budget-share.ts";
import { listen } from "./channel.ts";
import { Connection, type Session } from "./connection.ts";
import { Database } from "./database.ts";
import { deadLetterUnreadable, trim } from "./letters.ts";
import { Membership, type MoveCause } from "./membership.ts";
import { once } from "./once.ts";
import type { PasswordSource } from "./password.ts";
import { WHOLE } from "./patience.ts";
import type { PgClient } from "./pg.ts";
import { preferIndexes } from "./prefer-indexes.ts";
import { Reader } from "./reader.ts";
import { recordStatement } from "./record-statement.ts";
import { reroute } from "./reroute.ts";
import { openSchema, schemaOf } from "./schema.ts";
import { readSafety } from "./status.ts";
import { type Holding, rowsOf } from "./turn-rows.ts";
import { readValues, removeOldValues } from "./values.ts";

export interface PostgresInboxOptions {
  readonly address: string;
  readonly password?: PasswordSource | undefined;
  /** Id of the bot. */
  readonly bot: number;
  /** The server, as people see it. */
  readonly name: string;
  readonly version: string;
  /** The setting of --line: events that are stored by another one are brought to it. */
  readonly line: LineKind;
  /** Dead letters that are kept, and for how long: ms. */
  readonly deadLetters: { readonly count: number; readonly age: number };
  /** Time for which a stored value is kept without a write: ms. */
  readonly valueAge: number;
  /** Unsettled events of all servers at which appends wait. */
  readonly limit: number;
  /** Takes what people should know. */
  readonly log: InboxLog;
}

export interface InboxLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Bodies beyond which events are handed over without theirs. */
const MOST_BODIES = 10_000;

/** Time for an answer, and the longest pause before work is done again: ms. */
const PATIENCE = 10_000;
const PAUSE = 1000;

/** Pause between two looks for room: ms. */
const ROOM = 100;

const NONE: readonly number[] = [];

/** Pause between two removals of old values: ms. */
const SWEEP = 10_000;

export class PostgresInbox implements Inbox {
  readonly isDurable = true;
  readonly #options: PostgresInboxOptions;
  readonly #database: Database;
  readonly #schema: string;
  readonly #connections: { renewing: Connection; reading: Connection; appending: Connection; recording: Connection };
  readonly #membership: Membership;
  readonly #reader: Reader;
  /** The leases under which events were handed over, by the number of the event. */
  readonly #handed = new Map<number, Holding>();
  #receiver: InboxReceiver | undefined;
  #isClosed = false;
  #sweeping: NodeJS.Timeout | undefined;
  /** Number of beginnings that were refused. */
  #refused = 0;
  #failure: InboxError | undefined;
  #fullSince: number | undefined;
  #budgetShare: BudgetShare | undefined;

  private constructor(options: PostgresInboxOptions, database: Database) {
    this.#options = options;
    this.#database = database;
    this.#schema = schemaOf(options.bot);
    const connection = (name: string, onOpen?: (client: PgClient) => Promise<void>) => {
      const onFailure = (error: InboxError) => this.#failed(error);
      return new Connection({ database, name, patience: PATIENCE, pause: PAUSE, onFailure, ...(onOpen && { onOpen }) });
    };
    this.#connections = {
      renewing: connection("leases"),
      reading: connection("reading", (client) => this.#listen(client)),
      appending: connection("updates"),
      recording: connection("turns", preferIndexes),
    };
    this.#reader = this.#createReader();
    this.#membership = this.#createMembership();
  }

  /** Connects, and makes the bot's schema if it is not there. @throws InboxError */
  static async open(options: PostgresInboxOptions): Promise<PostgresInbox> {
    const { address, password, bot } = options;
    const inbox = new PostgresInbox(options, await Database.at(address, { password }));
    const { reading } = inbox.#connections;
    try {
      await reading.open();
      await reading.run((session) => openSchema(session, bot, inbox.#database.shown));
      await reading.run((session) => reroute(session, inbox.#schema, bot, options.line), WHOLE);
      const { weaknesses, hasStandby } = await reading.run(readSafety);
      for (const weakness of weaknesses) options.log.warn({}, `the inbox: ${weakness}`);
      if (!hasStandby)
        options.log.info({}, "the database has no synchronous standby: it is one machine that all others need");
      return inbox;
    } catch (error) {
      await inbox.close();
      throw error;
    }
  }

  get election(): Election {
    return this.#membership;
  }

  get share(): InboxShare {
    const { shards, isElected, age, moves } = this.#membership;
    return { shards, polls: isElected, age, moves, refused: this.#refused, rate: this.#budgetShare?.granted };
  }

  divide(budget: CallBudget): void {
    this.#budgetShare = new BudgetShare(budget);
  }

  async retire(): Promise<void> {
    await this.#membership.retire();
  }

  async start(receiver: InboxReceiver): Promise<number> {
    this.#receiver = receiver;
    await this.#reader.start();
    if (Number.isFinite(this.#options.valueAge)) this.#sweeping = setInterval(() => this.#sweep(), SWEEP).unref();
    return await this.#membership.join();
  }

  async append(updates: readonly ReceivedUpdate[]): Promise<number> {
    if (updates.length === 0) return 0;
    const received_at = Date.now();
    const shards = await this.#connections.appending.run((session) =>
      append(session, this.#schema, updates, received_at),
    );
    if (shards.some((shard) => this.#reader.has(shard))) this.#reader.look();
    return shards.length;
  }

  get fullSince(): number | undefined {
    const unsettled = this.#membership.nodes.reduce((sum, node) => sum + node.unsettled, 0);
    this.#fullSince = unsettled < this.#options.limit ? undefined : (this.#fullSince ?? Date.now());
    return this.#fullSince;
  }

  async room(signal: AbortSignal): Promise<void> {
    while (this.fullSince !== undefined && !signal.aborted) {
      // The signal ends it, and the loop.
      await delay(ROOM, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async deadLetterUnreadable(body: string, reason: string): Promise<boolean> {
    const { appending } = this.#connections;
    const letter = { hash: hashOf(body), reason, now: Date.now(), body };
    return await appending.run(async (session) => {
      const isNew = await deadLetterUnreadable(session, this.#schema, letter, MOST_UNREADABLE);
      if (isNew) await this.#trim(session);
      return isNew;
    });
  }

  async record(turn: Turn): Promise<readonly number[]> {
    const rows = rowsOf(turn, (seq) => this.#handed.get(seq));
    const statement = recordStatement(this.#schema, this.#membership.id, rows, Date.now());
    if (statement === undefined) return NONE;
    const write = async (session: Session) => {
      const { rows } = await session.query<{ seq: number }>(statement);
      if (turn.deadLettered.length > 0) await this.#trim(session);
      return new Set(rows.map(({ seq }) => seq));
    };
    const { recording } = this.#connections;
    // A beginning that is recorded twice is an attempt too many; a death would be a wrong verdict.
    const counts = turn.died.length + turn.withdrawn.length > 0;
    const row = { schema: this.#schema, node: this.#membership.id };
    const refused = await (counts ? once(recording, row, write) : recording.run(write));
    const holdings = turn.begun.map(({ seq }) => this.#handed.get(seq));
    for (const seq of turn.settled) this.#handed.delete(seq);
    for (const { seq } of turn.deadLettered) this.#handed.delete(seq);
    // A call that goes out is like a beginning.
    if (turn.begun.length === 0 && !turn.journal.some(({ type }) => type === "called")) return NONE;
    // This server may have been stopped since the commit: another one may have the shard, and what was begun here begins there.
    if (!this.#membership.isCertain) await this.#membership.certain();
    const isRefused = (seq: number, holding: Holding | undefined) =>
      holding !== undefined && (refused.has(seq) || !this.#membership.isOurs(holding));
    const others = turn.begun.filter(({ seq }, i) => isRefused(seq, holdings[i])).map(({ seq }) => seq);
    this.#refused += others.length;
    // Those that are gone belong to no server any more.
    for (const seq of refused) this.#handed.delete(seq);
    return others;
  }

  async read(seqs: readonly number[]): Promise<ReadonlyMap<number, string>> {
    if (seqs.length === 0) return new Map();
    const { rows } = await this.#connections.recording.run((session) =>
      session.query<{ seq: number; update_id: number; kind: string; body: string }>({
        name: "read",
        text: `SELECT seq, update_id, kind, body FROM ${this.#schema}.event WHERE seq = ANY($1::bigint[])`,
        values: [seqs],
      }),
    );
    // What is read is posted: time has passed since its beginning was recorded.
    if (!this.#membership.isCertain) await this.#membership.certain();
    const found = new Map<number, string>();
    for (const { seq, update_id, kind, body } of rows) {
      const holding = this.#handed.get(seq);
      if (holding === undefined || !this.#membership.isOurs(holding)) continue;
      if (isUpdateOf(kind, body)) found.set(seq, body);
      else await this.#putAside(seq, update_id);
    }
    return found;
  }

  async values(keys: readonly string[]): Promise<ReadonlyMap<string, StoredValue>> {
    if (keys.length === 0) return new Map();
    const since = Date.now() - this.#options.valueAge;
    return await this.#connections.recording.run((session) => readValues(session, this.#schema, keys, since));
  }

  /** Drops nothing while other servers work: the events are theirs as well. */
  async clear(before = Number.MAX_SAFE_INTEGER): Promise<number> {
    return await this.#connections.appending.run(async (session) => {
      const { rowCount } = await session.query({
        text: `
          WITH old AS (
            DELETE FROM ${this.#schema}.event
            WHERE received_at < $1 AND NOT EXISTS (SELECT FROM ${this.#schema}.node WHERE until >= now()) RETURNING seq),
          calls AS (DELETE FROM ${this.#schema}.call USING old WHERE call.seq = old.seq)
          SELECT seq FROM old`,
        values: [before],
      });
      return rowCount ?? 0;
    });
  }

  async check(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#receiver !== undefined && !this.#membership.isCertain) {
      throw new InboxError(`the lease of this server was not renewed for ${Math.round(this.#membership.age / 1000)} s`);
    }
    const { appending } = this.#connections;
    const late = new InboxError(`the inbox in ${this.#database.shown} does not answer`);
    const check = appending.run((session) =>
      session.query({ text: `UPDATE ${this.#schema}.meta SET bot = bot WHERE bot = $1`, values: [this.#options.bot] }),
    );
    check.catch(() => {});
    await Promise.race([
      check,
      delay(2000, undefined, { ref: false }).then(() => Promise.reject(this.#failure ?? late)),
    ]);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#sweeping);
    this.#reader.close();
    if (this.#receiver !== undefined) await this.#membership.leave();
    await Promise.all(Object.values(this.#connections).map((connection) => connection.close()));
  }

  #createReader(): Reader {
    return new Reader({
      connection: this.#connections.reading,
      schema: this.#schema,
      isHeld: (holding) => this.#membership.isHeld(holding),
      isFull: () => this.#handed.size >= MOST_BODIES,
      onEntry: (entry, holding) => {
        // What was read twice, because an answer was lost, is handed over once.
        if (this.#handed.get(entry.seq) === holding) return;
        this.#handed.set(entry.seq, holding);
        this.#receiver?.onEntry(entry);
      },
      onError: (error) => this.#receiver?.onError(error),
    });
  }

  #createMembership(): Membership {
    const { name, version, line } = this.#options;
    return new Membership({
      renewing: this.#connections.renewing,
      claiming: this.#connections.reading,
      electing: this.#connections.appending,
      schema: this.#schema,
      name,
      version,
      line,
      unsettled: () => this.#handed.size,
      budgetShare: () => this.#budgetShare,
      taken: (holdings) => this.#take(holdings),
      revoked: (shards, onEach, why) => this.#revoke(shards, onEach, why),
      certain: (until) => this.#recovered(until),
      onError: (error) => this.#receiver?.onError(error),
    });
  }

  async #take(holdings: readonly Holding[]): Promise<number> {
    const events = await this.#reader.take(holdings);
    this.#options.log.info({ shards: holdings.length, of: SHARDS, events }, "this server has shards of the inbox");
    return events;
  }

  /** Has the server let go of shards. Their events are nothing that this server holds from then on. */
  async #revoke(shards: readonly number[], onEach: (shard: number) => void, why: MoveCause): Promise<void> {
    if (why === "lost")
      this.#options.log.warn({ shards: shards.length }, "other servers have taken shards of this one");
    else this.#options.log.info({ shards: shards.length }, "this server lets shards go");
    this.#reader.drop(shards);
    const revoked = new Set(shards);
    const old = new Set([...this.#handed.values()].filter(({ shard }) => revoked.has(shard)));
    await Promise.all(
      shards.map(async (shard) => {
        await this.#receiver?.onRevoked(shard);
        onEach(shard);
      }),
    );
    for (const [seq, holding] of this.#handed) if (old.has(holding)) this.#handed.delete(seq);
  }

  async #listen(client: PgClient): Promise<void> {
    await listen(client, this.#schema, (shards) => {
      if (shards.length === 0) this.#membership.wake();
      else if (shards.some((shard) => this.#reader.has(shard))) this.#reader.look();
    });
  }

  /** One server does it for all. */
  #sweep(): void {
    if (!this.#membership.isElected) return;
    const before = Date.now() - this.#options.valueAge;
    const swept = this.#connections.appending.run((session) => removeOldValues(session, this.#schema, before));
    swept.catch((error) => !this.#isClosed && this.#receiver?.onError(error));
  }

  async #trim(session: Session): Promise<void> {
    const { count, age } = this.#options.deadLetters;
    await trim(session, this.#schema, count, Date.now() - age);
  }

  async #putAside(seq: number, update_id: number): Promise<void> {
    await this.record(unreadableTurn(seq));
    this.#receiver?.onUnreadable(update_id);
  }

  #failed(error: InboxError): void {
    if (this.#failure === undefined) {
      this.#options.log.warn({ error: error.message }, "the inbox does not answer; trying again");
    }
    this.#failure = error;
  }

  #recovered(until: number): void {
    if (this.#failure !== undefined) this.#options.log.info({}, "the inbox answers again");
    this.#failure = undefined;
    this.#receiver?.onCertain(until);
  }
}
