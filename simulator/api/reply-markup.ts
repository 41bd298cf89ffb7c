/**
 * Keyboards under messages: https://core.telegram.org/bots/api#inlinekeyboardmarkup and its siblings. `readMarkup` reads their
 * shape, as the public server does before it looks for the chat (`Client::get_reply_markup`). `checkMarkup` refuses what td
 * (ReplyMarkup.cpp) and Telegram refuse in the chat.
 */

import type { ForceReply, InlineKeyboardMarkup, ReplyKeyboardMarkup } from "@grammyjs/types";
import type { Call } from "./call.ts";
import { isObject, type Json, optionalArray } from "./fields.ts";
import { checkInlineKeyboard, type InlinePlace, readInlineButton } from "./inline-buttons.ts";
import { badRequest, within } from "./refusal.ts";
import { checkReplyButton, readReplyButton } from "./reply-buttons.ts";

/** Only an inline keyboard is part of a Message; a reply keyboard belongs to the chat. */
export interface Markup {
  inline?: InlineKeyboardMarkup;
  /** Null removes the chat's keyboard. */
  keyboard?: ReplyKeyboardMarkup | null;
  force_reply?: ForceReply;
}

/** The `reply_markup` of a call. @throws Refusal (400) */
export const markupOf = (call: Call): Markup =>
  call.once("reply_markup", () => readMarkup(call.object("reply_markup")));

/** @throws Refusal (400) for markup whose shape is wrong */
export function readMarkup(given: Json | undefined): Markup {
  if (given === undefined) return {};
  if (!isObject(given)) throw badRequest("Object expected as reply markup");
  const keyboard = buttonsOf(given, KEYBOARD);
  const inline_keyboard = buttonsOf(given, INLINE_KEYBOARD);
  if (keyboard.length > 0) return { keyboard: { ...given, keyboard } as unknown as ReplyKeyboardMarkup };
  if (inline_keyboard.length > 0) return { inline: { inline_keyboard } as unknown as InlineKeyboardMarkup };
  if (given.remove_keyboard === true || given.hide_keyboard === true) return { keyboard: null };
  return given.force_reply === true ? { force_reply: given as unknown as ForceReply } : {};
}

export interface MarkupPlace extends InlinePlace {
  /** True where Telegram takes inline keyboards only: in edits. */
  inlineOnly: boolean;
}

/** @throws Refusal (400) for markup that the chat or the message cannot have */
export function checkMarkup(markup: Markup, place: MarkupPlace): void {
  const { inline, keyboard, force_reply } = markup;
  const isOther = keyboard !== undefined || force_reply !== undefined;
  // A channel has no answers.
  if (isOther && (place.inlineOnly || place.type === "channel")) throw badRequest("Inline keyboard expected");
  if (inline !== undefined) checkInlineKeyboard(inline.inline_keyboard as unknown as Json[][], place);
  for (const button of (keyboard?.keyboard ?? []).flat()) checkReplyButton(button, place.type === "private");
}

interface KeyboardKind {
  field: string;
  /** The refusal of a row that is no list. */
  rows: string;
  button: string;
  read(button: unknown): Json | string;
}

const KEYBOARD: KeyboardKind = {
  field: "keyboard",
  rows: 'Field "keyboard" must be an Array of Arrays',
  button: "Can't parse keyboard button",
  read: readReplyButton,
};
const INLINE_KEYBOARD: KeyboardKind = {
  field: "inline_keyboard",
  rows: 'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
  button: "Can't parse inline keyboard button",
  read: readInlineButton,
};

/** td drops what is beyond these. */
const MOST_IN_ROW = 12;
const MOST_BUTTONS = 300;

/** The rows with their buttons; those without a text are left out. */
function buttonsOf(markup: Json, { field, rows, button, read }: KeyboardKind): (Json | string)[][] {
  const given = (optionalArray(markup, field) ?? []).map((row) => {
    if (!Array.isArray(row)) throw badRequest(rows);
    return row.map((one) => within(button, () => read(one)));
  });
  let left = MOST_BUTTONS;
  const kept = given.map((row) => {
    const shown = row.filter(hasFace).slice(0, Math.min(MOST_IN_ROW, left));
    left -= shown.length;
    return shown;
  });
  return kept.filter((row) => row.length > 0);
}

const hasFace = (button: Json | string) =>
  typeof button === "string" ? button !== "" : button.text !== "" || button.icon_custom_emoji_id !== undefined;
