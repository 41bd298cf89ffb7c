/** Renders the events of a chat as plain text, without the bot's control characters. */

import type { InlineKeyboardButton, KeyboardButton, Message } from "@grammyjs/types";
import { textOf } from "../clients/buttons.ts";
import type { ChatEvent } from "../state/journal.ts";

type Button = InlineKeyboardButton | KeyboardButton | string;

/** Undefined for an event without content. */
export function render(event: ChatEvent, bot: string): string | undefined {
  switch (event.type) {
    case "message":
      return `${bot}: ${describe(event.message)}${keyboard(event.message.reply_markup?.inline_keyboard ?? event.keyboard?.keyboard)}`;
    case "edited":
      return `${bot} edited: ${describe(event.message)}${keyboard(event.message.reply_markup?.inline_keyboard)}`;
    case "deleted":
      return `${bot} deleted message ${event.message_ids.join(", ")}`;
    case "action":
      return event.action === "typing" ? `${bot} is typing …` : `${bot} is busy: ${event.action.replaceAll("_", " ")}`;
    case "reaction":
      return `${bot} reacts: ${event.reaction.map((one) => (one.type === "emoji" ? one.emoji : one.type)).join(" ") || "no more"}`;
    case "callback-answer":
      if (event.url !== undefined) return `${bot} opens: ${clean(event.url)}`;
      return event.text && `${bot} ${event.show_alert ? "alerts" : "answers"}: ${clean(event.text)}`;
    case "inline-answer":
      return `${bot} offers ${event.results.length} results`;
    case "ephemeral":
      return `${bot} whispers: ${describe(event.message)}${keyboard(event.message.reply_markup?.inline_keyboard)}`;
    case "payment":
      return event.ok ? undefined : `${bot} refuses the payment: ${clean(event.error_message)}`;
  }
}

/** Control characters except line feeds and tabs, and characters that change the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression removes them
const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

export const clean = (text: string) => text.replaceAll("\r\n", "\n").replaceAll(DANGEROUS, "");

/** The text; for other content its kind, details and caption. */
function describe(message: Message): string {
  if (message.text !== undefined) return clean(message.text);
  const { poll } = message;
  if (poll !== undefined)
    return clean([`[poll] ${poll.question}`, ...poll.options.map(({ text }) => `  - ${text}`)].join("\n"));
  const kind = Object.keys(message).find((key) => !ENVELOPE.has(key)) ?? "message";
  const detail = DETAILS[kind]?.(message);
  return clean([`[${kind.replaceAll("_", " ")}]`, detail, message.caption].filter(Boolean).join(" "));
}

/** Fields of a message that are not its content. */
const ENVELOPE: ReadonlySet<string> = new Set(
  (
    "message_id from sender_chat chat date business_connection_id reply_to_message message_thread_id is_topic_message " +
    "has_protected_content effect_id reply_markup forward_origin edit_date media_group_id caption caption_entities quote " +
    "show_caption_above_media has_media_spoiler ephemeral_message_id via_bot"
  ).split(" "),
);

const DETAILS: Record<string, (message: Message) => string | undefined> = {
  dice: ({ dice }) => `${dice?.emoji} ${dice?.value}`,
  location: ({ location }) => `${location?.latitude}, ${location?.longitude}`,
  venue: ({ venue }) => `${venue?.title}, ${venue?.address}`,
  contact: ({ contact }) => `${contact?.first_name} ${contact?.phone_number}`,
  document: ({ document }) => document?.file_name,
  invoice: ({ invoice }) => `${invoice?.title} ${invoice?.total_amount} ${invoice?.currency}`,
  new_chat_title: ({ new_chat_title }) => new_chat_title,
};

/** `[1] Yes  [2] No`, a line for each row. */
function keyboard(rows: readonly (readonly Button[])[] | undefined): string {
  let number = 0;
  const lines = (rows ?? []).map((row) => row.map((button) => `[${++number}] ${clean(textOf(button))}`).join("  "));
  return lines.map((line) => `\n  ${line}`).join("");
}
