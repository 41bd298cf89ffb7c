/** Texts and captions: their shape is read before the chat is looked for, their length is checked afterwards. */

import { isLonger, MAX_CAPTION, MAX_TEXT } from "../../text/format.ts";
import type { Call } from "../call.ts";
import { captionOf, textOf } from "../methods/sending.ts";
import { badRequest } from "../refusal.ts";

/** In bytes of UTF-8, with the markup (`Client::get_formatted_text`). */
const MOST_BYTES = 1 << 15;

/** A rich message takes the place of a text. */
const isRich = (call: Call) => !call.has("text") && call.has("rich_message");

/** @throws Refusal (400) */
export function readText(call: Call): void {
  if (isRich(call)) return;
  if (!call.has("text")) throw badRequest("Message text is empty");
  checkSource(call.string("text"));
  textOf(call);
}

/** @throws Refusal (400) */
export function readCaption(call: Call): void {
  checkSource(call.string("caption"));
  captionOf(call);
}

function checkSource(source = ""): void {
  if (source.length > MOST_BYTES / 4 && Buffer.byteLength(source) > MOST_BYTES) throw badRequest("Text is too long");
}

/** @throws Refusal (400) */
export function checkText(call: Call): void {
  if (isRich(call)) return;
  const { text = "" } = textOf(call);
  if (text === "") throw badRequest("Text must be non-empty");
  if (isLonger(text, MAX_TEXT)) throw badRequest("Message is too long");
}

/** @throws Refusal (400) */
export function checkCaption(call: Call): void {
  if (isLonger(captionOf(call).caption ?? "", MAX_CAPTION)) throw badRequest("Message caption is too long");
}
