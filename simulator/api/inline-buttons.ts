/** Buttons of inline keyboards: https://core.telegram.org/bots/api#inlinekeyboardbutton */

import type { Chat } from "@grammyjs/types";
import { isObject, type Json, optionalString, requiredObject, requiredString } from "./fields.ts";
import { checkedLink } from "./links.ts";
import { badRequest, within } from "./refusal.ts";

/** @throws Refusal (400) for a button whose shape is wrong (`Client::get_inline_keyboard_button`) */
export function readInlineButton(button: unknown): Json {
  if (!isObject(button)) throw badRequest("InlineKeyboardButton must be an Object");
  const text = requiredString(button, "text");
  checkStyle(button);
  if (optionalString(button, "url") !== "" || optionalString(button, "callback_data") !== "")
    return { ...button, text };
  for (const name of ["switch_inline_query", "switch_inline_query_current_chat"]) {
    if (button[name] !== undefined) requiredString(button, name);
  }
  if (button.login_url !== undefined) requiredString(requiredObject(button, "login_url"), "url");
  if (button.web_app !== undefined) requiredString(requiredObject(button, "web_app"), "url");
  if (button.copy_text !== undefined) requiredString(requiredObject(button, "copy_text"), "text");
  if (!ACTIONS.some((name) => button[name] !== undefined)) {
    throw badRequest("Text buttons are unallowed in the inline keyboard");
  }
  return { ...button, text };
}

/** Fields of which a button has one, beside `url` and `callback_data`. */
const ACTIONS = [
  "callback_game",
  "pay",
  "switch_inline_query",
  "switch_inline_query_chosen_chat",
  "switch_inline_query_current_chat",
  "login_url",
  "web_app",
  "copy_text",
];

const STYLES = ["", "default", "primary", "danger", "success"];

/** @throws Refusal (400) */
export function checkStyle(button: Json): void {
  if (!STYLES.includes(optionalString(button, "style").toLowerCase()))
    throw badRequest("invalid button style specified");
}

export interface InlinePlace {
  /** Undefined for an inline message. */
  type: Chat["type"] | undefined;
  /** Content that has a button of its own. */
  content?: "invoice" | "game" | undefined;
}

/** Telegram's own limit; td's is higher. */
const MOST_BUTTONS = 100;
/** In bytes of UTF-8. */
const MAX_CALLBACK_DATA = 64;
const MAX_COPIED = 256;

/** @throws Refusal (400) for buttons that the chat or the message cannot have */
export function checkInlineKeyboard(rows: readonly (readonly Json[])[], place: InlinePlace): void {
  const buttons = rows.flat();
  for (const button of buttons) checkLinks(button, place);
  if (buttons.length > MOST_BUTTONS) throw badRequest("reply markup is too long");
  for (const [at, button] of buttons.entries()) checkAction(button, at === 0, place);
}

/** td's checks. */
function checkLinks(button: Json, { type }: InlinePlace): void {
  const { url, login_url, web_app } = button as {
    url?: string;
    login_url?: { url: string };
    web_app?: { url: string };
  };
  const link = (kind: string, text: string, httpsOnly: boolean) =>
    within(kind, () => checkedLink(text, { httpsOnly }), " ");
  if (url) link("Inline keyboard button", url, false);
  else if (login_url) link("Inline keyboard button login", login_url.url, true);
  else if (web_app) link("Inline keyboard button Web App", web_app.url, true);
  const name = ["switch_inline_query", "switch_inline_query_current_chat"].find((field) => button[field] !== undefined);
  if (name !== undefined && type === "channel") {
    throw badRequest(
      `Can't use ${name} button in a channel chat, because users will not be able to use the button without knowing ` +
        "bot's username",
    );
  }
}

/** Telegram's checks. */
function checkAction(button: Json, isFirst: boolean, { type, content }: InlinePlace): void {
  const { callback_data, copy_text, pay, callback_game, web_app } = button as {
    callback_data?: string;
    copy_text?: { text: string };
  } & Json;
  if (callback_data && Buffer.byteLength(callback_data) > MAX_CALLBACK_DATA) throw badRequest("BUTTON_DATA_INVALID");
  if (copy_text !== undefined && (copy_text.text === "" || [...copy_text.text].length > MAX_COPIED)) {
    throw badRequest("BUTTON_COPY_TEXT_INVALID");
  }
  if (web_app !== undefined && type !== "private") throw badRequest("BUTTON_TYPE_INVALID");
  if (pay !== undefined && content !== "invoice") throw badRequest("BUTTON_TYPE_INVALID");
  if (callback_game !== undefined && content !== "game") throw badRequest("BUTTON_TYPE_INVALID");
  if ((pay !== undefined || callback_game !== undefined) && !isFirst) throw badRequest("BUTTON_POS_INVALID");
}
