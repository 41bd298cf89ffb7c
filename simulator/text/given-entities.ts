/** Entities that a call gives beside its text (`Client::get_text_entity`, then `get_message_entities` in MessageEntity.cpp). */

import { isObject, type Json, optionalString, requiredInteger, requiredObject, requiredString } from "../api/fields.ts";
import { checkedLink } from "../api/links.ts";
import { badRequest, within } from "../api/refusal.ts";
import { dateTimeFormat } from "./date-time.ts";
import type { Entity, EntityDetails } from "./formatted-text.ts";
import { isDate, isEmojiId, mentionedUser } from "./links.ts";

/** Telegram finds these by itself: a call cannot set them. */
const FOUND = new Set("mention hashtag cashtag bot_command url email phone_number bank_card_number".split(" "));

type Reader = (entity: Json) => EntityDetails;

const plain =
  (type: Entity["type"]): Reader =>
  () => ({ type });

const READERS: Readonly<Record<string, Reader>> = {
  bold: plain("bold"),
  italic: plain("italic"),
  underline: plain("underline"),
  strikethrough: plain("strikethrough"),
  spoiler: plain("spoiler"),
  code: plain("code"),
  blockquote: plain("blockquote"),
  expandable_blockquote: plain("expandable_blockquote"),
  pre(entity) {
    const language = optionalString(entity, "language");
    return { type: "pre", ...(language !== "" && { language }) };
  },
  text_link(entity) {
    const url = requiredString(entity, "url");
    const id = mentionedUser(url);
    return id === undefined ? { type: "text_link", url } : { type: "text_mention", user: { id } };
  },
  text_mention: (entity) => ({
    type: "text_mention",
    user: { id: requiredInteger(requiredObject(entity, "user"), "id") },
  }),
  custom_emoji(entity) {
    requiredInteger(entity, "custom_emoji_id");
    return { type: "custom_emoji", custom_emoji_id: String(entity.custom_emoji_id) };
  },
  date_time(entity) {
    const unix_time = requiredInteger(entity, "unix_time");
    const date_time_format = dateTimeFormat(optionalString(entity, "date_time_format"));
    if (date_time_format === undefined) throw badRequest("Invalid date-time format specified");
    return { type: "date_time", unix_time, date_time_format };
  },
};

/** @param given as the call has it: what is no array counts as none @throws Refusal (400) */
export function readEntities(given: unknown): Entity[] {
  if (!Array.isArray(given)) return [];
  const entities = within("Can't parse MessageEntity", () => given.flatMap(readEntity));
  return entities.map(checked).filter(({ length }) => length > 0);
}

function readEntity(given: unknown): Entity[] {
  if (!isObject(given)) throw badRequest("expected an Object");
  const offset = requiredInteger(given, "offset");
  const length = requiredInteger(given, "length");
  const type = requiredString(given, "type");
  if (type === "") throw badRequest("Type is not specified");
  if (FOUND.has(type)) return [];
  if (!Object.hasOwn(READERS, type)) throw badRequest("Unsupported type specified");
  return [{ ...READERS[type]!(given), offset, length } as Entity];
}

const MAX_PLACE = 1_000_000;

function checked(entity: Entity): Entity {
  const { type, offset, length } = entity;
  if (offset < 0 || offset > MAX_PLACE) throw badRequest(`Receive an entity with incorrect offset ${offset}`);
  if (length < 0 || length > MAX_PLACE) throw badRequest(`Receive an entity with incorrect length ${length}`);
  if (type === "custom_emoji" && !isEmojiId(String(entity.custom_emoji_id))) {
    throw badRequest("Invalid custom emoji identifier specified");
  }
  if (type === "date_time" && !isDate(Number(entity.unix_time))) throw badRequest("Invalid date specified");
  if (type !== "text_link") return entity;
  return { ...entity, url: within("Entity", () => checkedLink(String(entity.url)), " ") };
}
