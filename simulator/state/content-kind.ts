/** The content of a message: the terminal and the page name its kind, and edits replace its text. The page is bundled with this file. */

/** @returns the field with the content: `photo`, `new_chat_members`, … */
export function contentKind(message: object): string {
  return Object.keys(message).find((key) => !ENVELOPE.has(key)) ?? "message";
}

/** The content of an edit that gives a message another text: that of a photo, a film or a file is the caption. */
export const rewritten = (message: { text?: string }, text: string) =>
  message.text === undefined ? { caption: text } : { text };

/** Fields of a message that are not its content. */
const ENVELOPE: ReadonlySet<string> = new Set(
  (
    "message_id from sender_chat chat date business_connection_id reply_to_message message_thread_id is_topic_message " +
    "has_protected_content effect_id reply_markup forward_origin edit_date media_group_id caption caption_entities quote " +
    "show_caption_above_media has_media_spoiler ephemeral_message_id via_bot reactions author_signature entities"
  ).split(" "),
);
