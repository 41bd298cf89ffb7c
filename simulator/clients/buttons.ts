/** Finds the button that a user presses: under a message, or on the chat's reply keyboard. */

import type { InlineKeyboardButton, KeyboardButton, Message, User } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import type { Content } from "../state/messages.ts";
import { ActionError, type ButtonChoice } from "./actions/actions.ts";

export type FoundButton =
  | { button: InlineKeyboardButton; message: Message }
  /** A button of a reply keyboard. */
  | { key: KeyboardButton | string };

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
  return key === undefined ? undefined : { key };
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

/**
 * The message that a button of a reply keyboard sends.
 * @throws ActionError for a button that lets the user choose something or opens a web app: the test has to say what comes of it
 */
export function sentBy(button: KeyboardButton | string, user: User): Content {
  if (typeof button === "string") return { text: button };
  const { text, request_contact, request_location } = button as KeyboardFields;
  if (request_contact) {
    return { contact: { phone_number: "+10000000000", first_name: user.first_name, user_id: user.id } };
  }
  if (request_location) return { location: { latitude: 48.2082, longitude: 16.3738 } };
  const instead = answerTo(button as KeyboardFields);
  if (instead !== undefined)
    throw new ActionError(`the button ${JSON.stringify(text)} sends no text: ${instead} sends what the user chooses`);
  return { text };
}

/** https://core.telegram.org/bots/api#keyboardbutton */
interface KeyboardFields {
  text: string;
  request_contact?: boolean;
  request_location?: boolean;
  request_users?: { request_id: number };
  request_chat?: { request_id: number };
  request_managed_bot?: { request_id: number };
  request_poll?: object;
  web_app?: { url: string };
}

/** The call that sends what Telegram sends for the button. */
function answerTo({ text, request_users, request_chat, request_managed_bot, request_poll, web_app }: KeyboardFields) {
  const idOf = ({ request_id }: { request_id: number }) => `request_id: ${request_id}`;
  if (request_users) return `send({ users_shared: { ${idOf(request_users)}, users: [{ user_id }] } })`;
  if (request_chat) return `send({ chat_shared: { ${idOf(request_chat)}, chat_id } })`;
  if (request_managed_bot) return "send({ managed_bot_created: { bot } })";
  if (request_poll) return "send({ poll })";
  if (web_app) return `send({ web_app_data: { button_text: ${JSON.stringify(text)}, data } })`;
  return undefined;
}
