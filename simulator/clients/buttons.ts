/** Finds the button that a user presses: under a message, or on the chat's reply keyboard. */

import type { InlineKeyboardButton, KeyboardButton, Message, User } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import type { Content } from "../state/messages.ts";
import type { ButtonChoice } from "./actions/actions.ts";

export type FoundButton =
  | { button: InlineKeyboardButton; message: Message }
  /** A button of a reply keyboard sends a message. */
  | { reply: (user: User) => Content };

/** @param message_id the message to search; default: the latest with such a button, then the reply keyboard */
export function findButton(record: ChatRecord, choice: ButtonChoice, message_id?: number): FoundButton | undefined {
  const buttonOf = (message: Message) => pick(message.reply_markup?.inline_keyboard, choice);
  const message =
    message_id === undefined
      ? record.latest((candidate) => buttonOf(candidate) !== undefined)
      : record.messages.get(message_id);
  const button = message === undefined ? undefined : buttonOf(message);
  if (message !== undefined && button !== undefined) return { button, message };
  const key = message_id === undefined ? pick(record.keyboard?.keyboard, choice) : undefined;
  return key === undefined ? undefined : { reply: (user) => pressed(key, user) };
}

function pick<B extends InlineKeyboardButton | KeyboardButton | string>(
  rows: readonly (readonly B[])[] | undefined,
  choice: ButtonChoice,
): B | undefined {
  if (rows === undefined) return undefined;
  if (typeof choice === "number") return rows.flat()[choice - 1];
  if (typeof choice === "object") return rows[choice.row]?.[choice.column];
  return rows.flat().find((button) => textOf(button) === choice);
}

export const textOf = (button: InlineKeyboardButton | KeyboardButton | string) =>
  typeof button === "string" ? button : button.text;

function pressed(button: KeyboardButton | string, user: User): Content {
  if (typeof button === "object" && "request_contact" in button && button.request_contact) {
    return { contact: { phone_number: "+10000000000", first_name: user.first_name, user_id: user.id } };
  }
  if (typeof button === "object" && "request_location" in button && button.request_location) {
    return { location: { latitude: 48.2082, longitude: 16.3738 } };
  }
  return { text: textOf(button) };
}
