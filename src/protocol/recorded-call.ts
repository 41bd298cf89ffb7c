/** The records of the calls that unsettled events make. */

/** A call that went out for an event. */
export interface RecordedCall {
  /** Rises from call to call, also from one process to the next. */
  readonly id: number;
  readonly method: string;
  /** Calls of one lane go out one after another. */
  readonly lane: string | undefined;
  /** The parameters as JSON. Of a file it holds the fingerprint. */
  readonly body: string;
  /** Telegram's answer; undefined while the call is under way; `UNKNOWN` if Telegram may have carried it out. */
  readonly answer: string | undefined;
}

/** The answer to a call that may have been carried out. */
export const UNKNOWN = "";

/** A fact about the calls of unsettled events, or about the state that an event's code has saved. */
export type JournalFact =
  /** The call goes out. */
  | { readonly type: "called"; readonly seqs: readonly number[]; readonly call: Omit<RecordedCall, "answer"> }
  | { readonly type: "answered"; readonly seqs: readonly number[]; readonly id: number; readonly answer: string }
  /** The call had no effect, or is not remembered any more. */
  | { readonly type: "dropped"; readonly seqs: readonly number[]; readonly id: number }
  | { readonly type: "saved"; readonly seqs: readonly number[]; readonly json: string };

/** Traces of earlier deliveries of an event. */
export interface EventPast {
  /** The calls that were sent and whose answers are not known. */
  readonly uncertain: readonly Pick<RecordedCall, "method" | "body">[];
  /** The state that the event's code has saved: JSON. */
  readonly saved: string | undefined;
}
