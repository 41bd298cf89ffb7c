/** InputMedia, alone and in albums: `Client::get_input_media`, and `check_message_group_message_contents` in MessageContent.cpp. */

import { Call } from "../call.ts";
import { isObject, type Json, requiredString } from "../fields.ts";
import { badRequest, within } from "../refusal.ts";
import { checkCaption, readCaption } from "./texts.ts";

/** Types of an album, with td's names for their content. */
const ALBUM_TYPES: Record<string, string> = {
  photo: "Photo",
  live_photo: "Photo",
  video: "Video",
  audio: "Audio",
  document: "Document",
};
const MOST_IN_ALBUM = 10;
const MOST_PAID = 10;
/** Telegram Stars. */
const HIGHEST_PRICE = 1_000_000;

/** @throws Refusal (400) */
export function readAlbum(call: Call): void {
  for (const item of call.array("media")!) readMedium(item, call, true);
}

/** The medium of editMessageMedia. @throws Refusal (400) */
export function readReplacement(call: Call): void {
  readMedium(call.object("media"), call, false);
}

function readMedium(item: unknown, call: Call, isForAlbum: boolean): void {
  within("Can't parse InputMedia", () => {
    if (!isObject(item)) throw badRequest("expected an Object");
    readCaption(itemOf(item, call));
    const type = requiredString(item, "type");
    requireFiles(item, type);
    if (type === "animation" && isForAlbum) throw badRequest(`type "${type}" can't be used in sendMediaGroup`);
    if (ALBUM_TYPES[type] === undefined && type !== "animation") throw badRequest(`type "${type}" is unsupported`);
  });
}

function requireFiles({ media, photo }: Json, type: string): void {
  if (media === undefined || media === "") throw badRequest("media not found");
  if (type === "live_photo" && (photo === undefined || photo === "")) throw badRequest("photo not found");
}

/** An item's caption as that of a call. */
const itemOf = (item: Json, { method, signal }: Call) => new Call(method, item, signal);

/** @throws Refusal (400) */
export function checkAlbum(call: Call): void {
  const items = call.array<Json>("media")!;
  if (items.length > MOST_IN_ALBUM) throw badRequest("Too many messages to send as an album");
  if (items.length === 0) throw badRequest("There are no messages to send");
  for (const item of items) checkCaption(itemOf(item, call));
  const isAbove = (item: Json) => item.show_caption_above_media === true;
  if (items.some((item) => isAbove(item) !== isAbove(items[0]!))) {
    throw badRequest("Parameter show_caption_above_media must be the same for all messages");
  }
  const types = new Set(items.map(({ type }) => ALBUM_TYPES[String(type)]!));
  const alone = ["Audio", "Document"].find((type) => types.has(type) && types.size > 1);
  if (alone !== undefined) throw badRequest(`${alone} can't be mixed with other media types`);
}

/** @throws Refusal (400) */
export function checkReplacement(call: Call): void {
  checkCaption(itemOf(call.object<Json>("media")!, call));
}

/** @throws Refusal (400) */
export function readPaidMedia(call: Call): void {
  for (const item of call.array("media")!) {
    within("Can't parse InputPaidMedia", () => {
      if (!isObject(item)) throw badRequest("expected an Object");
      const { type } = item;
      requireFiles(item, String(type));
      requiredString(item, "type");
      if (!["photo", "live_photo", "video"].includes(String(type))) throw badRequest(`type "${type}" is unsupported`);
    });
  }
}

/** @throws Refusal (400) */
export function checkPaidMedia(call: Call): void {
  const price = call.number("star_count") ?? 0;
  if (price <= 0 || price > HIGHEST_PRICE) throw badRequest("Invalid media price specified");
  const { length } = call.array("media")!;
  if (length === 0 || length > MOST_PAID) throw badRequest("Invalid number of paid media specified");
}
