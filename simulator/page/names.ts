/** Names and times, as the page shows them. */

import type { Chat, Message, User } from "@grammyjs/types";

export const nameOf = ({ first_name, last_name }: Pick<User, "first_name" | "last_name">) =>
  last_name === undefined ? first_name : `${first_name} ${last_name}`;

export const titleOf = (chat: Chat, botName: string) => (chat.type === "private" ? botName : (chat.title ?? ""));

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @param date seconds since 1970 */
export const timeOf = (date: number) => TIME.format(date * 1000);

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** @param at milliseconds since 1970 */
export const clockOf = (at: number) => CLOCK.format(at);

export const durationOf = (milliseconds: number) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** One of eight colours, the same for the same id. Ids that follow one another differ. */
export const colourOf = (id: number) => `colour-${Math.abs(id * 5 + Math.floor(id / 8)) % 8}`;

/** A message in a few words. */
export function summaryOf(message: Message): string {
  const { text, caption, poll } = message;
  return text ?? caption ?? (poll === undefined ? kindOf(message) : `Poll: ${poll.question}`);
}

/** The name of the content: `photo`, `new_chat_members`, … */
export function kindOf(message: Message): string {
  const kind = Object.keys(message).find((key) => !ENVELOPE.has(key));
  return (kind ?? "message").replaceAll("_", " ");
}

/** Fields of a message that are not its content. */
const ENVELOPE: ReadonlySet<string> = new Set(
  (
    "message_id from sender_chat chat date business_connection_id reply_to_message message_thread_id is_topic_message " +
    "has_protected_content effect_id reply_markup forward_origin edit_date media_group_id caption caption_entities quote " +
    "show_caption_above_media has_media_spoiler ephemeral_message_id via_bot reactions author_signature entities"
  ).split(" "),
);
