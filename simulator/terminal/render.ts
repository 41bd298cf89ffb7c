/** Renders the events of a chat as plain text that can do nothing in the terminal. */

import type { InlineKeyboardButton, KeyboardButton, Message } from "@grammyjs/types";
import { textOf } from "../clients/buttons.ts";
import { contentKind } from "../state/content-kind.ts";
import type { ChatEvent } from "../state/journal.ts";
import { oneLine, visible } from "./visible.ts";

type Button = InlineKeyboardButton | KeyboardButton | string;

/**
 * Undefined for an event without content.
 * @param name of the bot
 */
export function render(event: ChatEvent, name: string): string | undefined {
  const text = describeEvent(event, oneLine(name));
  return text && visible(text);
}

function describeEvent(event: ChatEvent, bot: string): string | undefined {
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
      if (event.url !== undefined) return `${bot} opens: ${event.url}`;
      return event.text && `${bot} ${event.show_alert ? "alerts" : "answers"}: ${event.text}`;
    case "inline-answer":
      return `${bot} offers ${event.results.length} results`;
    case "ephemeral":
      return `${bot} whispers: ${describe(event.message)}${keyboard(event.message.reply_markup?.inline_keyboard)}`;
    case "ephemeral-deleted":
      return `${bot} deleted whispered message ${event.ephemeral_message_id}`;
    case "payment":
      return event.ok ? undefined : `${bot} refuses the payment: ${event.error_message}`;
  }
}

/** The text; for other content its kind, details and caption. */
function describe(message: Message): string {
  if (message.text !== undefined) return message.text;
  const { poll } = message;
  if (poll !== undefined)
    return [`[poll] ${oneLine(poll.question)}`, ...poll.options.map(({ text }) => `  - ${oneLine(text)}`)].join("\n");
  const kind = contentKind(message);
  const detail = DETAILS[kind]?.(message);
  return [`[${kind.replaceAll("_", " ")}]`, detail && oneLine(detail), message.caption].filter(Boolean).join(" ");
}

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
  const lines = (rows ?? []).map((row) => row.map((button) => `[${++number}] ${oneLine(textOf(button))}`).join("  "));
  return lines.map((line) => `\n  ${line}`).join("");
}
