/**
 * Hands over the events of this server's shards, each once and in order. Events become visible in the order of their numbers, so one
 * number says what of all shards was handed over. The events of a shard that is taken over are read up to that number first.
 */

import type { RecordedCall } from "../../protocol/recorded-call.ts";
import { type CallRow, callsByEvent } from "../entry.ts";
import type { InboxEntry } from "../inbox.ts";
import { binaryArray } from "./binary-array.ts";
import type { Connection, Session } from "./connection.ts";
import type { PgQuery } from "./pg.ts";
import type { Holding } from "./turn-rows.ts";

export interface ReaderOptions {
  readonly connection: Connection;
  readonly schema: string;
  /** True while the shard is held under that lease. */
  isHeld(holding: Holding): boolean;
  /** True if bodies are to stay in the database for now. */
  isFull(): boolean;
  onEntry(entry: InboxEntry, holding: Holding): void;
  onError(error: Error): void;
}

/** Events that are read at once: new ones with their bodies, and those of a shard that is taken over. */
const NEW = 500;
const OLD = 5000;

/** Pause after which it looks for new events although nobody has told of any: ms. */
const LOOK = 500;

/** Time for an answer: ms. */
const PATIENCE = 30_000;

export class Reader {
  readonly #options: ReaderOptions;
  /** The leases of shards whose events are handed over as they come. */
  readonly #shards = new Map<number, Holding>();
  /** All events up to this number were handed over, or are of other shards. */
  #last = 0;
  #isReading = false;
  #isBehind = false;
  #isClosed = false;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Begins behind the last event. */
  async start(): Promise<void> {
    const { connection, schema } = this.#options;
    this.#last = await connection.run(async (session) => {
      const { rows } = await session.query<{ last: number }>({
        text: `SELECT coalesce(max(seq), 0) AS last FROM ${schema}.event`,
      });
      return rows[0]!.last;
    });
    this.#looking = setInterval(() => this.look(), LOOK).unref();
  }

  /** Hands over what is stored of shards that were taken. @returns the number of events */
  async take(holdings: readonly Holding[]): Promise<number> {
    const { connection } = this.#options;
    return await connection.run(async (session) => {
      const byShard = new Map(holdings.map((holding) => [holding.shard, holding]));
      const count = await this.#readOld(session, byShard);
      for (const holding of holdings) if (this.#options.isHeld(holding)) this.#shards.set(holding.shard, holding);
      this.#isBehind = true;
      queueMicrotask(() => this.look());
      return count;
    }, PATIENCE);
  }

  /** Events of these shards are not handed over any more. */
  drop(shards: readonly number[]): void {
    for (const shard of shards) this.#shards.delete(shard);
  }

  has(shard: number): boolean {
    return this.#shards.has(shard);
  }

  /** There may be new events. */
  look(): void {
    this.#isBehind = true;
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    this.#read().then(
      () => (this.#isReading = false),
      (error: Error) => {
        this.#isReading = false;
        if (!this.#isClosed) this.#options.onError(error);
      },
    );
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#looking);
  }

  async #read(): Promise<void> {
    while (this.#isBehind && !this.#isClosed) {
      this.#isBehind = false;
      if (this.#shards.size === 0) continue;
      await this.#options.connection.run((session) => this.#readNew(session), PATIENCE);
    }
  }

  async #readNew(session: Session): Promise<void> {
    const { schema, isFull } = this.#options;
    const shards = [...this.#shards.keys()];
    const { rows } = await session.query<NewRow>(newEvents(schema, this.#last, shards, !isFull()));
    const found = rows.filter((row) => row.seq !== null);
    const calls = await readCalls(
      session,
      schema,
      found.filter(({ retried }) => retried),
    );
    for (const row of found) {
      const holding = this.#shards.get(row.shard);
      if (holding !== undefined) this.#handOver(row, holding, row.retried ? "retried" : "received", calls);
    }
    // A full page may have left some.
    this.#isBehind ||= found.length === NEW;
    this.#last = found.length === NEW ? found.at(-1)!.seq : Math.max(this.#last, rows[0]?.newest ?? 0);
  }

  async #readOld(session: Session, holdings: ReadonlyMap<number, Holding>): Promise<number> {
    const { schema } = this.#options;
    let [after, count] = [0, 0];
    for (;;) {
      const { rows } = await session.query<UnsettledRow>(oldEvents(schema, after, this.#last, [...holdings.keys()]));
      const calls = await readCalls(session, schema, rows);
      for (const row of rows) {
        const origin = row.retried && row.attempts === 0 ? "retried" : "recovered";
        if (this.#handOver(row, holdings.get(row.shard)!, origin, calls)) count += 1;
      }
      if (rows.length < OLD) return count;
      after = rows.at(-1)!.seq;
    }
  }

  #handOver(row: UnsettledRow, holding: Holding, origin: InboxEntry["origin"], calls: CallsByEvent): boolean {
    const { isHeld, onEntry } = this.#options;
    if (!isHeld(holding)) return false;
    const { retried: _, newest: __, body, saved, ...entry } = row as NewRow;
    const ofEvent = calls.get(row.seq);
    const past = { ...(ofEvent !== undefined && { calls: ofEvent }), ...(saved !== null && { saved }) };
    onEntry({ ...entry, body: body ?? undefined, origin, ...past }, holding);
    return true;
  }
}

interface UnsettledRow extends Omit<InboxEntry, "body" | "origin" | "calls" | "saved"> {
  readonly retried: boolean;
  readonly saved: string | null;
  readonly body: string | null;
}

interface NewRow extends UnsettledRow {
  /** The last number that is in use. */
  readonly newest: number | null;
}

type CallsByEvent = ReadonlyMap<number, readonly RecordedCall[]>;

const COLUMNS = `seq, update_id, kind, line, shard, chat, octet_length(body) AS size, attempts, deaths, orphaned,
  received_at, retried, saved`;

/**
 * One row at least, so that the last number is known. The sum keeps the planner from the index by shards, of which it would look
 * through all for a few new events.
 */
function newEvents(schema: string, after: number, shards: readonly number[], withBody: boolean): PgQuery {
  return {
    name: withBody ? "new" : "new without bodies",
    text: `
      SELECT m.newest, e.* FROM (SELECT max(seq) AS newest FROM ${schema}.event) m
      LEFT JOIN LATERAL (
        SELECT ${COLUMNS}, ${withBody ? "body" : "NULL::text AS body"} FROM ${schema}.event
        WHERE seq > $1 AND shard + 0 = ANY($2::integer[]) ORDER BY seq LIMIT ${NEW}) e ON true
      ORDER BY e.seq`,
    values: [after, binaryArray("integer", shards)],
  };
}

function oldEvents(schema: string, after: number, last: number, shards: readonly number[]): PgQuery {
  return {
    text: `
      SELECT ${COLUMNS}, NULL::text AS body FROM ${schema}.event
      WHERE seq > $1 AND seq <= $2 AND shard = ANY($3::integer[]) ORDER BY seq LIMIT ${OLD}`,
    values: [after, last, shards],
  };
}

async function readCalls(session: Session, schema: string, events: readonly UnsettledRow[]): Promise<CallsByEvent> {
  if (events.length === 0) return new Map();
  const { rows } = await session.query<CallRow>({
    text: `SELECT seq, id, method, lane, body, answer FROM ${schema}.call WHERE seq = ANY($1::bigint[]) ORDER BY id, seq`,
    values: [events.map(({ seq }) => seq)],
  });
  // Two servers may have given the same number to two calls.
  return callsByEvent(rows, ({ id, method, body }) => `${id} ${method} ${body}`);
}
