/** An update that was received and stored, with its address. */

export interface ReceivedEvent {
  /** The inbox's number for it, rising in the order of arrival. */
  readonly seq: number;
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  /** `chat:1`, `user:1`, … */
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** Times posted to a worker. */
  attempts: number;
  /** Time of the last post, by performance.now(). Set only if a subscriber needs it. */
  postedAt?: number;
}
