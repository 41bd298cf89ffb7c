/** Keyboards under messages: https://core.telegram.org/bots/api#inlinekeyboardmarkup and its siblings. */

import type { InlineKeyboardMarkup, ReplyKeyboardMarkup } from "@grammyjs/types";
import { badRequest } from "./refusal.ts";

/** Only an inline keyboard is part of a Message; a reply keyboard belongs to the chat. */
export interface Markup {
  inline?: InlineKeyboardMarkup;
  keyboard?: ReplyKeyboardMarkup;
  removesKeyboard?: true;
}

type Button = Record<string, unknown>;

/** In bytes of UTF-8. */
const MAX_CALLBACK_DATA = 64;

/** @throws Refusal (400) for markup that Telegram refuses */
export function readMarkup(given: Record<string, unknown> | undefined): Markup {
  if (given === undefined) return {};
  if (given.inline_keyboard !== undefined) return { inline: inlineKeyboard(given.inline_keyboard) };
  if (given.keyboard !== undefined) {
    return { keyboard: { ...given, keyboard: rowsOf(given.keyboard) } as unknown as ReplyKeyboardMarkup };
  }
  if (given.remove_keyboard === true) return { removesKeyboard: true };
  return {};
}

function inlineKeyboard(given: unknown): InlineKeyboardMarkup {
  const rows = rowsOf(given).map((row) => row.map(inlineButton));
  return { inline_keyboard: rows.filter((row) => row.length > 0) } as unknown as InlineKeyboardMarkup;
}

function inlineButton(button: Button | string): Button {
  if (typeof button === "string") {
    throw badRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object");
  }
  if (typeof button.text !== "string" || button.text === "") {
    throw badRequest("can't parse inline keyboard button: Can't find field \"text\"");
  }
  const kinds = Object.keys(button).filter(
    (key) => key !== "text" && key !== "style" && key !== "icon_custom_emoji_id",
  );
  if (kinds.length === 0)
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  const { callback_data, url } = button;
  if (callback_data !== undefined && !isCallbackData(callback_data)) throw badRequest("BUTTON_DATA_INVALID");
  if (url !== undefined && !isUrl(url))
    throw badRequest(`inline keyboard button URL '${url}' is invalid: Wrong HTTP URL`);
  return button;
}

function rowsOf(given: unknown): (Button | string)[][] {
  if (!Array.isArray(given)) throw badRequest('field "keyboard" of the ReplyKeyboardMarkup must be an Array');
  if (!given.every(Array.isArray))
    throw badRequest('field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays');
  return given;
}

const isCallbackData = (value: unknown) =>
  typeof value === "string" && value !== "" && Buffer.byteLength(value) <= MAX_CALLBACK_DATA;

/** Telegram adds a missing scheme. */
const isUrl = (value: unknown) =>
  typeof value === "string" && (/^(https?|tg|ton):\/\/\S+$/.test(value) || /^[^\s/:]+\.[^\s.]{2,}/.test(value));
