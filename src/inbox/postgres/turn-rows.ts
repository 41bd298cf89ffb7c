/**
 * The facts of a turn as rows. A statement changes a row once: the facts about one event, and those about one call, are put together
 * here. Facts about the calls of events that the turn ends are left out.
 */

import type { JournalFact } from "../../protocol/recorded-call.ts";
import type { Turn } from "../inbox.ts";
import { pgText } from "./pg.ts";

/** A lease of this server: the shard, and the lease's epoch when this server took it. */
export interface Holding {
  readonly shard: number;
  readonly epoch: number;
}

/** A change of an event. With a shard it counts only while the shard is ours. */
export interface Change {
  readonly seq: number;
  shard: number | null;
  epoch: number | null;
  attempts: number;
  deaths: number;
  alone: boolean | null;
  saved: string | null;
  /** False if the turn ends the event: it is only asked if the shard is ours. */
  stays: boolean;
}

export interface CalledRow {
  readonly seq: number;
  readonly id: number;
  readonly method: string;
  readonly lane: string | null;
  readonly body: string;
  answer: string | null;
}

export interface LetterRow {
  readonly seq: number;
  readonly attempts: number;
  readonly reason: string;
  readonly log: string;
  readonly saved: string | null;
}

/** A write of a stored value; with an event it counts only if this turn settles that. */
export interface WriteRow {
  readonly key: string;
  /** Null removes the value. */
  readonly json: string | null;
  readonly seq: number | null;
}

export interface TurnRows {
  /** The last of each key. */
  readonly writes: readonly WriteRow[];
  readonly changes: readonly Change[];
  /** Events that are settled. */
  readonly settled: readonly number[];
  readonly letters: readonly LetterRow[];
  readonly called: readonly CalledRow[];
  readonly answered: readonly { readonly seq: number; readonly id: number; readonly answer: string }[];
  readonly dropped: readonly { readonly seq: number; readonly id: number }[];
}

/** @param holdingOf the holding of an event that was handed over; undefined if it was not */
export function rowsOf(turn: Turn, holdingOf: (seq: number) => Holding | undefined): TurnRows {
  const { begun, settled, writes, died, withdrawn, deadLettered, journal } = turn;
  const changes = new Changes(holdingOf);
  for (const { seq, alone } of begun) changes.fenced(seq, (change) => begin(change, alone));
  for (const seq of died) changes.plain(seq, (change) => end(change, 0, 1));
  for (const seq of withdrawn) changes.plain(seq, (change) => end(change, -1, 0));
  const gone = new Set(settled);
  const calls = new CallRows(gone);
  for (const fact of journal) {
    if (fact.type === "saved") {
      for (const seq of fact.seqs) changes.fenced(seq, (change) => (change.saved = pgText(fact.json)));
    } else calls.add(fact);
  }
  const letters = deadLettered.map(({ seq, reason, log }) => {
    const { attempts = 0, saved = null } = changes.get(seq) ?? {};
    gone.add(seq);
    return { seq, attempts, reason: pgText(reason), log: pgText(log), saved };
  });
  return { changes: changes.without(gone), settled, letters, writes: lastOf(writes), ...calls.rows };
}

function lastOf(writes: Turn["writes"]): WriteRow[] {
  const rows = writes.map(({ key, json, seq = null }) => {
    return { key: pgText(key), json: json === undefined ? null : pgText(json), seq };
  });
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

function begin(change: Change, alone: boolean): void {
  change.attempts += 1;
  change.alone = alone;
}

function end(change: Change, attempts: number, deaths: number): void {
  change.attempts += attempts;
  change.deaths += deaths;
  change.alone = false;
}

class Changes {
  readonly #holdingOf: (seq: number) => Holding | undefined;
  readonly #changes = new Map<number, Change>();

  constructor(holdingOf: (seq: number) => Holding | undefined) {
    this.#holdingOf = holdingOf;
  }

  get(seq: number): Change | undefined {
    return this.#changes.get(seq);
  }

  /** A change of an event that was handed over here; of another event there is none. */
  fenced(seq: number, make: (change: Change) => void): void {
    const holding = this.#holdingOf(seq);
    if (holding === undefined) return;
    make(Object.assign(this.#of(seq), holding));
  }

  plain(seq: number, make: (change: Change) => void): void {
    if (this.#holdingOf(seq) !== undefined) make(this.#of(seq));
  }

  /** @param gone events that the turn ends */
  without(gone: ReadonlySet<number>): Change[] {
    for (const change of this.#changes.values()) change.stays = !gone.has(change.seq);
    return [...this.#changes.values()].filter(({ shard, stays }) => shard !== null || stays);
  }

  #of(seq: number): Change {
    const known = this.#changes.get(seq);
    if (known !== undefined) return known;
    const change = { seq, shard: null, epoch: null, attempts: 0, deaths: 0, alone: null, saved: null, stays: true };
    this.#changes.set(seq, change);
    return change;
  }
}

type CallFact = Exclude<JournalFact, { type: "saved" }>;

class CallRows {
  readonly #gone: ReadonlySet<number>;
  readonly #called = new Map<string, CalledRow>();
  readonly #answered = new Map<string, { seq: number; id: number; answer: string }>();
  readonly #dropped = new Map<string, { seq: number; id: number }>();

  constructor(gone: ReadonlySet<number>) {
    this.#gone = gone;
  }

  get rows(): Pick<TurnRows, "called" | "answered" | "dropped"> {
    return {
      called: [...this.#called.values()],
      answered: [...this.#answered.values()],
      dropped: [...this.#dropped.values()],
    };
  }

  add(fact: CallFact): void {
    for (const seq of fact.seqs) if (!this.#gone.has(seq)) this.#addTo(seq, fact);
  }

  #addTo(seq: number, fact: CallFact): void {
    const id = fact.type === "called" ? fact.call.id : fact.id;
    const key = `${seq}/${id}`;
    switch (fact.type) {
      case "called": {
        const { method, lane, body } = fact.call;
        const texts = { method: pgText(method), lane: lane === undefined ? null : pgText(lane), body: pgText(body) };
        return void this.#called.set(key, { seq, id, ...texts, answer: null });
      }
      case "answered": {
        const answer = pgText(fact.answer);
        const called = this.#called.get(key);
        if (called !== undefined) called.answer = answer;
        else this.#answered.set(key, { seq, id, answer });
        return;
      }
      case "dropped":
        this.#answered.delete(key);
        // A call of this turn may have gone out before with another one: its row is removed in any case.
        this.#called.delete(key);
        return void this.#dropped.set(key, { seq, id });
    }
  }
}
