/** Buttons of reply keyboards: https://core.telegram.org/bots/api#keyboardbutton */

import type { KeyboardButton } from "@grammyjs/types";
import { isObject, type Json, requiredObject, requiredString } from "./fields.ts";
import { checkStyle } from "./inline-buttons.ts";
import { checkedLink } from "./links.ts";
import { badRequest, within } from "./refusal.ts";

/** Fields with the number by which the bot knows the answer. */
const REQUESTS = ["request_users", "request_chat", "request_managed_bot"];

/** @throws Refusal (400) for a button whose shape is wrong (`Client::get_keyboard_button`) */
export function readReplyButton(button: unknown): Json | string {
  if (typeof button === "string") return button;
  if (!isObject(button)) throw badRequest("KeyboardButton must be a String or an Object");
  const text = requiredString(button, "text");
  checkStyle(button);
  if (button.request_poll !== undefined) requiredObject(button, "request_poll");
  if (button.web_app !== undefined) requiredString(requiredObject(button, "web_app"), "url");
  for (const name of REQUESTS) {
    if (button[name] !== undefined) requiredString(requiredObject(button, name), "request_id");
  }
  return { ...button, text };
}

/** The requests that a button may make. */
const PRIVATE_ONLY: readonly [field: string, thing: string][] = [
  ["request_contact", "Phone number can be requested"],
  ["request_location", "Location can be requested"],
  ["request_poll", "Poll can be requested"],
  ["web_app", "Web App buttons can be used"],
  ["request_users", "Users can be requested"],
  ["request_chat", "Chats can be requested"],
  ["request_managed_bot", "Managed bots can be requested"],
];

/** @throws Refusal (400) for a button that the chat cannot have (ReplyMarkup.cpp) */
export function checkReplyButton(button: KeyboardButton | string, isPrivate: boolean): void {
  if (typeof button === "string") return;
  const fields = button as unknown as Json & { web_app?: { url: string } };
  const request = PRIVATE_ONLY.find(([field]) => fields[field] !== undefined && fields[field] !== false);
  if (request !== undefined && !isPrivate) throw badRequest(`${request[1]} in private chats only`);
  const { web_app } = fields;
  if (web_app !== undefined) {
    within("Keyboard button Web App", () => checkedLink(web_app.url, { httpsOnly: true }), " ");
  }
}
