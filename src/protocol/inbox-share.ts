/** The part of one machine of an inbox that several share. */
export interface InboxShare {
  /** Of 256. */
  readonly shards: number;
  readonly polls: boolean;
  /** Milliseconds since the leases were last renewed. */
  readonly age: number;
  /** Shards that moved so far, by cause. */
  readonly moves: { readonly taken: number; readonly released: number; readonly lost: number };
  /** Beginnings that were refused. */
  readonly refused: number;
  /** Calls in a second, of those that all machines may make; undefined without --rate-limit. */
  readonly rate: number | undefined;
}
