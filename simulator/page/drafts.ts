/** A message that a person has begun to write. Pure: a change gives a new object. */

export interface Draft {
  readonly text: string;
  /** The message that it replies to. */
  readonly replyTo?: number;
  /** The message whose new text it is. */
  readonly editing?: number;
  /** The draft before an edit, which comes back after it. */
  readonly before?: Draft;
}

export const EMPTY: Draft = { text: "" };

export const withReply = (draft: Draft, message_id: number): Draft => ({
  text: afterEdit(draft).text,
  replyTo: message_id,
});

/** @param text of the message */
export const withEdit = (draft: Draft, message_id: number, text: string): Draft => ({
  text,
  editing: message_id,
  before: afterEdit(draft),
});

/** Ends an edit, or else makes a reply a plain message. */
export const cancelled = ({ before, text }: Draft): Draft => before ?? { text };

/** The draft in the field once this one is on its way. */
export const following = ({ before = EMPTY }: Draft): Draft => before;

/** The draft in the field after `sent` was refused: nothing that was written meanwhile is replaced. @param now the one in the field */
export const refused = (sent: Draft, now: Draft): Draft => (now === following(sent) || now.text === "" ? sent : now);

const afterEdit = (draft: Draft): Draft => draft.before ?? draft;
