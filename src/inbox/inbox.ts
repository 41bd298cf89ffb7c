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

import type { TelegramObject } from "../protocol/route.ts";

/** An update as a source received it. */
export interface ReceivedUpdate {
  readonly update_id: number;
  readonly update: TelegramObject;
  /** The update as JSON. */
  readonly body: string;
}

/** An unsettled update. */
export interface InboxEntry extends ReceivedUpdate {
  /** Rises in the order of arrival. */
  readonly seq: number;
  /** `received`: appended just now. `recovered`: left by an earlier process. `retried`: a dead letter that a person retries. */
  readonly origin: "received" | "recovered" | "retried";
  /** Number of deliveries that began. */
  readonly attempts: number;
  /** Number of workers that died while they held it. */
  readonly deaths: number;
  /** Number of processes that died while it was the only event at its worker. */
  readonly orphaned: number;
  /** Milliseconds since 1970. */
  readonly received_at: number;
}

/** A delivery that begins. */
export interface Beginning {
  readonly seq: number;
  /** The worker holds nothing else. */
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
  /** Events whose worker died. */
  readonly died: readonly number[];
  /** Events whose delivery began and never reached an application. */
  readonly withdrawn: readonly number[];
  readonly deadLettered: readonly NewDeadLetter[];
}

/** Takes the entries of an inbox. */
export interface InboxReceiver {
  onEntry(entry: InboxEntry): void;
  /** The shard goes to another machine. Resolves when no application works on its events; the inbox then assigns it anew. */
  onRevoked(shard: number): Promise<void>;
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
  /** Stores a dead letter for input that is no update. @throws InboxError */
  deadLetterUnreadable(body: string, reason: string): void;
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
}

export interface Inbox extends Intake, Settlement {
  /** True if it survives the process. */
  readonly isDurable: boolean;
  /**
   * Hands over every unsettled entry, and each new one from then on.
   * @returns the number of unsettled entries
   * @throws InboxError
   */
  start(receiver: InboxReceiver): Promise<number>;
  /** The bodies of unsettled entries by their numbers; settled and unknown ones are absent. @throws InboxError */
  read(seqs: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Drops unsettled entries that were received before a time, in milliseconds since 1970; all without. @returns their number */
  clear(before?: number): Promise<number>;
  /** Writes something of no effect. @throws InboxError if the inbox cannot be written now */
  check(): Promise<void>;
  close(): Promise<void>;
}
