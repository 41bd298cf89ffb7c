/**
 * The inbox: where an update is kept from before Telegram is told that it was received until its instance is done with it.
 *
 *   (Telegram) -- append() --> unsettled -- settle() --> gone, its id remembered
 *                              unsettled -- bury() ----> dead letter
 *
 * Whatever is unsettled when the process ends, in whatever way, is there again at the next start, in order. An id that was
 * appended once is refused from then on, settled or not.
 */

/** One update that is not settled yet. */
export interface InboxEntry {
  /** Rises in the order of arrival. */
  readonly seq: number;
  readonly update_id: number;
  /** Deliveries that a crash has interrupted so far. */
  readonly attempts: number;
  /** The Update, as JSON. */
  readonly body: string;
}

/** An update as the poller brings it. */
export interface ArrivedUpdate {
  readonly update_id: number;
  readonly body: string;
}

export interface Inbox {
  /** Whether it survives the process. */
  readonly durable: boolean;
  /**
   * Stores a batch. When this returns, a durable inbox will have it after the end of the process and of the machine.
   * @returns for each update its `seq`; undefined for one that is known already
   * @throws InboxError
   */
  append(updates: readonly ArrivedUpdate[]): (number | undefined)[];
  /** @throws InboxError */
  settle(seqs: readonly number[]): void;
  /** Makes an entry a dead letter. @throws InboxError */
  bury(seq: number, reason: string): void;
  /** Everything unsettled, in order. @throws InboxError */
  unsettled(): InboxEntry[];
  /** Forgets everything unsettled. @returns how many entries that were */
  clear(): number;
  close(): void;
}
