/**
 * The inbox keeps every update from before Telegram is told that it was received until an application is done with it.
 *
 *   append() --> unsettled -- record(): settled --------> gone, its id remembered
 *                unsettled -- record(): dead-lettered --> dead letter -- `asgigram inbox retry` --> unsettled
 *
 * An update that is unsettled when the process ends, in whichever way, is unsettled at the next start. An update id that was
 * appended once is refused from then on.
 *
 * Every event that is to be delivered arrives by `onEntry`, in the order of its number: appended just now, left by an earlier
 * process, or retried by a person. An inbox that several machines share hands over the events of its shards as they are assigned,
 * and takes a shard away by `onRevoked`.
 */

import type { CallBudget } from "../protocol/call-budget.ts";
import type { InboxShare } from "../protocol/inbox-share.ts";
import type { JournalFact, RecordedCall } from "../protocol/recorded-call.ts";
import type { Address } from "../protocol/route.ts";
import type { StoredValue, StoredWrite } from "../protocol/stored-value.ts";
import type { Election } from "../protocol/update-source.ts";

/** An update as a source received it, with its address. */
export interface ReceivedUpdate extends Address {
  readonly update_id: number;
  /** The update as JSON. */
  readonly body: string;
}

/** An unsettled update. */
export interface InboxEntry extends Address {
  readonly update_id: number;
  /** Rises in the order of arrival. */
  readonly seq: number;
  /** The update as JSON. Undefined if it is not in memory: read() has it. */
  readonly body: string | undefined;
  /** Size of the body: bytes. */
  readonly size: number;
  /** `received`: appended just now. `recovered`: left by an earlier process. `retried`: a dead letter that a person retries. */
  readonly origin: "received" | "recovered" | "retried";
  /** Number of deliveries that began. */
  readonly attempts: number;
  /** Number of workers that died while they held it. */
  readonly deaths: number;
  /** Number of processes that died while it was the only suspect at hand. */
  readonly orphaned: number;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** The calls that it has made. A call of several entries is the same object in each. */
  readonly calls?: readonly RecordedCall[];
  /** The state that its code has saved: JSON. */
  readonly saved?: string;
}

/** A delivery that begins. */
export interface Beginning {
  readonly seq: number;
  /** True for a suspect that is the only one at hand in this process. Events that are no suspects may be beside it. */
  readonly alone: boolean;
}

export interface NewDeadLetter {
  readonly seq: number;
  readonly reason: string;
  /** The last lines that its worker logged. */
  readonly log: string;
}

/** The facts of one turn of the event loop, recorded together. Numbers that the inbox does not hold have no effect. */
export interface Turn {
  /** Deliveries that are about to be posted. */
  readonly begun: readonly Beginning[];
  readonly settled: readonly number[];
  /**
   * Stored values, in order: of events that this turn settles, and of code outside an event. A write is recorded together with the
   * settlement of its event: both or neither.
   */
  readonly writes: readonly StoredWrite[];
  /** Events whose worker died. */
  readonly died: readonly number[];
  /** Events whose delivery began and never reached an application. */
  readonly withdrawn: readonly number[];
  readonly deadLettered: readonly NewDeadLetter[];
  /** Calls of events, and answers to them. A dead letter keeps those of its event. */
  readonly journal: readonly JournalFact[];
}

/** Takes the entries of an inbox. */
export interface InboxReceiver {
  onEntry(entry: InboxEntry): void;
  /**
   * Of an inbox that several machines share: what was handed over is this machine's until then, a time of monotonic(), but for shards
   * that were revoked. No delivery begins later, unless another time was told.
   */
  onCertain(until: number): void;
  /** The shard goes to another machine. Resolves when no application works on its events; the inbox then assigns it anew. */
  onRevoked(shard: number): Promise<void>;
  /** A stored body cannot be read. The inbox has made a dead letter of the update: it is no entry any more. */
  onUnreadable(update_id: number): void;
  /**
   * The inbox lacks updates that it had stored for good: its file was damaged, or replaced by an older copy. Told before the first
   * entry.
   * @param updates their number, more or less: settled ones count, and of the last moment some may not
   */
  onLoss(updates: number): void;
  /** The inbox cannot be read or written any more. */
  onError(error: Error): void;
}

/** The half of the inbox that updates come in by. */
export interface Intake {
  /**
   * Stores a batch. When this resolves, Telegram may be told that the batch was received: a durable inbox keeps it through a
   * power cut.
   * @returns the number of updates that were not known before
   * @throws InboxError
   */
  append(updates: readonly ReceivedUpdate[]): Promise<number>;
  /**
   * Of an inbox that several machines share: time from which they have too much together; undefined while there is room. Milliseconds
   * since 1970.
   */
  readonly fullSince?: number | undefined;
  /** Resolves when the machines that share it have room for another batch, or the signal is aborted. */
  room?(signal: AbortSignal): Promise<void>;
  /**
   * Stores a dead letter for input that is no update. A server that repeats such input fills the inbox with nothing: the same input is
   * kept once, and a limited number of different ones.
   * @returns false if the inbox has it already
   * @throws InboxError
   */
  deadLetterUnreadable(body: string, reason: string): boolean | Promise<boolean>;
}

/** The half of the inbox that events leave by. */
export interface Settlement {
  /**
   * Records a turn. Its deliveries are posted only afterwards.
   * @returns the numbers of the beginnings that are refused, since the events belong to another machine now; an inbox of one
   * machine refuses none and answers at once
   * @throws InboxError
   */
  record(turn: Turn): readonly number[] | Promise<readonly number[]>;
  /**
   * The bodies of unsettled entries by their numbers, for entries whose body is not in memory. It is meant for the moment at which
   * they are posted, once a turn for all of them: an inbox of one machine answers at once, in some microseconds for each. Absent from
   * the answer is what is settled or unknown, what another process has removed, and what cannot be read: `onUnreadable` tells of the
   * last.
   * @throws InboxError
   */
  read(seqs: readonly number[]): ReadonlyMap<number, string> | Promise<ReadonlyMap<number, string>>;
  /**
   * Stored values by their keys, with all writes of the turns that are recorded. Absent from the answer is what was never written, was
   * removed, or was not written for longer than values are kept.
   * @throws InboxError
   */
  values(keys: readonly string[]): ReadonlyMap<string, StoredValue> | Promise<ReadonlyMap<string, StoredValue>>;
}

export interface Inbox extends Intake, Settlement {
  /** True if it survives the process. */
  readonly isDurable: boolean;
  /** Of an inbox that several machines share: says which of them polls. */
  readonly election?: Election;
  /** The part of this machine. */
  readonly share?: InboxShare;
  /** Of an inbox that several machines share: divides the calls that they may make among them, from start() on. To be called before. */
  divide?(budget: CallBudget): void;
  /**
   * Lets go of everything while other machines are there: each shard as its applications are done. Resolves when nothing is left, or when no
   * other machine is there.
   */
  retire?(): Promise<void>;
  /**
   * Hands over every unsettled entry, and each new one from then on. An entry may be recorded before the last one is handed over. Only
   * entries that are received from then on have a body: a start with a million entries reads none.
   * @returns the number of unsettled entries
   * @throws InboxError
   */
  start(receiver: InboxReceiver): Promise<number>;
  /**
   * Drops unsettled entries that were received before a time, in milliseconds since 1970; all without. To be called before start().
   * @returns their number
   */
  clear(before?: number): Promise<number>;
  /** Writes something of no effect. @throws InboxError if the inbox cannot be written now */
  check(): Promise<void>;
  close(): Promise<void>;
}
