/** Verdicts on a failed call: retry.ts gives them, the outbox carries them out. */

export type CallVerdict = Again | Redirect | Accept | Reject;

/** Make the same call again after so many milliseconds. `refused`: Telegram has had too many calls. */
export type Again = { action: "again"; after: number; refused?: true };

/** Make the call to this chat: the old one has become it. */
export type Redirect = { action: "redirect"; chat_id: number };

/** The call has no effect any more, and needs none: give this answer to the caller. */
export type Accept = { action: "accept"; answer: string };

/** Give the error to the caller; `error`, where present, in place of the one that occurred. */
export type Reject = { action: "reject"; error?: Error };
