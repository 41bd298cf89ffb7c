/**
 * The inbox: where an update is kept from before Telegram is told that it was received until its instance is done with it.
 *
 *   (Telegram) -- append() --> unsettled -- settle() --> gone, its id remembered
 *                              unsettled -- bury() ----> dead letter -- `asgigram inbox retry` --> unsettled
 *
 * Whatever is unsettled when the process ends, in whatever way, is there again at the next start, in order. An id that was
 * appended once is refused from then on, settled or not.
 */

/** One update that is not settled yet. */
export interface InboxEntry {
  /** Rises in the order of arrival. */
  readonly seq: number;
  readonly update_id: number;
  /** How often its delivery has begun. */
  readonly attempts: number;
  /** How many workers have died that had it. */
  readonly deaths: number;
  /** How often the process has ended without a word while it was the only event at its worker. */
  readonly orphaned: number;
  /** The Update, as JSON. */
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
}

/** An update as the poller brings it. */
export interface ArrivedUpdate {
  readonly update_id: number;
  readonly body: string;
}

/** A delivery that begins. */
export interface Beginning {
  readonly seq: number;
  readonly alone: boolean;
}

export interface Inbox {
  /** Whether it survives the process. */
  readonly durable: boolean;
  /**
   * Stores a batch. When this returns, a durable inbox will have it after the end of the process.
   * @returns for each update its `seq`; undefined for one that is known already
   * @throws InboxError
   */
  append(updates: readonly ArrivedUpdate[]): (number | undefined)[];
  /** Resolves when a durable inbox will have what it was given also after a power cut. @throws InboxError */
  sync(): Promise<void>;
  /**
   * What happened since the last call: deliveries that are about to begin, and events that are settled.
   * @throws InboxError
   */
  record(begun: readonly Beginning[], settled: readonly number[]): void;
  /** A worker has died that had these. @throws InboxError */
  mourn(seqs: readonly number[]): void;
  /** Takes back deliveries that had begun for us, but not for the application. @throws InboxError */
  withdraw(seqs: readonly number[]): void;
  /**
   * Makes an entry a dead letter.
   * @param log what its worker said last
   * @throws InboxError
   */
  bury(seq: number, reason: string, log?: string): void;
  /** Makes a dead letter of what is no update that could be appended. @throws InboxError */
  buryUnreadable(body: string, reason: string): void;
  /** Everything unsettled, in order. @throws InboxError */
  unsettled(): InboxEntry[];
  /** What another process has put in since this was last asked: dead letters to be tried again. @throws InboxError */
  news(): InboxEntry[];
  /** Forgets everything unsettled that was received before a time. @returns how many entries that were */
  clear(before?: number): number;
  /** Writes something that makes no difference. @throws InboxError if nothing can be written now */
  check(): void;
  close(): void;
}
