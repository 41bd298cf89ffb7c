/** The values that the code of events stores by key: they are kept with the inbox, as JSON. */

/** A value as it is kept. */
export interface StoredValue {
  readonly json: string;
  /** The scope of the event whose code stored it first; undefined outside an event. */
  readonly line: string | undefined;
  /** Time of the latest write: milliseconds since 1970. */
  readonly written_at: number;
}

/** A write, or the removal of a value. */
export interface StoredWrite {
  readonly key: string;
  /** Undefined removes the value. */
  readonly json: string | undefined;
  /** Number of the event whose code wrote it: the write is recorded with the event's settlement. Undefined outside an event. */
  readonly seq: number | undefined;
  /** Scope of that event. */
  readonly line: string | undefined;
}

/** The access of a thread's code to the stored values. */
export interface ValueAccess {
  /**
   * The JSON of a value, as the running code is to see it.
   * @param refusesForeign the value must not be one of another line
   * @throws ForeignKeyError
   */
  get(key: string, refusesForeign: boolean): Promise<string | undefined>;
  /**
   * Writes a value with the settlement of the event whose code runs; at once outside an event.
   * @param json undefined removes the value
   * @throws ForeignKeyError
   */
  set(key: string, json: string | undefined, refusesForeign: boolean): Promise<void>;
}
