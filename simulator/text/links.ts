/** Entities of the URLs in markup: links, mentions by id, custom emoji and dates (`LinkManager` in LinkManager.cpp). */

import { checkedLink } from "../api/links.ts";
import { Refusal } from "../api/refusal.ts";
import { dateTimeFormat } from "./date-time.ts";
import type { EntityDetails } from "./formatted-text.ts";

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const MAX_INT32 = 2 ** 31 - 1;

/** A text_link, or a text_mention for `tg://user?id=…`. Undefined if the URL is wrong: then the text has no entity. */
export function linkEntity(url: string): EntityDetails | undefined {
  const id = mentionedUser(url);
  if (id !== undefined) return { type: "text_mention", user: { id } };
  const link = linkOrNothing(url);
  return link === undefined ? undefined : { type: "text_link", url: link };
}

/** The user of `tg://user?id=…`. */
export function mentionedUser(url: string): number | undefined {
  const id = parametersOf(url, "user")?.find(([name]) => name === "id")?.[1] ?? "";
  return INTEGER.test(id) && Number(id) > 0 ? Number(id) : undefined;
}

/** A custom_emoji for `tg://emoji?id=…`, a date_time for `tg://time?unix=…&format=…`. Undefined for other URLs. */
export const emojiOrDate = (url: string): EntityDetails | undefined => emojiEntity(url) ?? dateEntity(url);

function emojiEntity(url: string): EntityDetails | undefined {
  const id = parametersOf(url, "emoji")?.find(([name]) => name === "id")?.[1] ?? "0";
  return isEmojiId(id) ? { type: "custom_emoji", custom_emoji_id: id } : undefined;
}

export const isEmojiId = (id: string): boolean => INTEGER.test(id) && id !== "0";

function dateEntity(url: string): EntityDetails | undefined {
  const { unix = "0", format = "" } = Object.fromEntries(parametersOf(url, "time") ?? []);
  const date_time_format = dateTimeFormat(format);
  if (!INTEGER.test(unix) || !isDate(Number(unix)) || date_time_format === undefined) return undefined;
  return { type: "date_time", unix_time: Number(unix), date_time_format };
}

export const isDate = (unix_time: number): boolean => unix_time > 0 && unix_time <= MAX_INT32;

/** The parameters of a URL of Telegram's scheme; undefined for other schemes and hosts. */
function parametersOf(url: string, host: string): [name: string, value: string][] | undefined {
  const [, given, query] = /^tg:(?:\/\/)?(\w+)\/?\?([^#]*)/i.exec(url) ?? [];
  if (given?.toLowerCase() !== host) return undefined;
  return query!.split("&").map((parameter) => {
    const [name = "", ...value] = parameter.split("=");
    return [name, value.join("=")];
  });
}

function linkOrNothing(url: string): string | undefined {
  try {
    return checkedLink(url);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
