/**
 * Results of inline queries: https://core.telegram.org/bots/api#inlinequeryresult, as `Client::get_inline_query_result` reads them,
 * with the checks of InlineQueriesManager.cpp.
 */

import { format } from "../../text/format.ts";
import type { Call } from "../call.ts";
import { isObject, type Json, optionalString, requiredNumber, requiredObject, requiredString } from "../fields.ts";
import { badRequest, within } from "../refusal.ts";
import { checkMarkup, readMarkup } from "../reply-markup.ts";
import { isPlace } from "./locations.ts";

const MOST_RESULTS = 50;
/** In bytes of UTF-8. */
const LONGEST_ID = 64;

interface Kind {
  /** Fields that a result must have. */
  texts?: readonly string[];
  numbers?: readonly string[];
  /** The beginning of `…_url` and `…_file_id`, of which a result has one. */
  file?: string;
  /** Fields that a result with a URL must have. */
  withUrl?: readonly string[];
  /** The MIME types that a result with a URL may have. */
  mime?: { types: readonly string[]; thing: string };
}

const KINDS: Record<string, Kind> = {
  article: { texts: ["title"] },
  audio: { file: "audio", withUrl: ["title"] },
  contact: { texts: ["phone_number", "first_name"] },
  document: {
    texts: ["title"],
    file: "document",
    withUrl: ["mime_type"],
    mime: { types: ["application/pdf", "application/zip"], thing: "document" },
  },
  game: { texts: ["game_short_name"] },
  gif: { file: "gif" },
  location: { texts: ["title"], numbers: ["latitude", "longitude"] },
  mpeg4_gif: { file: "mpeg4" },
  photo: { file: "photo" },
  sticker: { texts: ["sticker_file_id"] },
  venue: { texts: ["title", "address"], numbers: ["latitude", "longitude"] },
  video: {
    texts: ["title"],
    file: "video",
    withUrl: ["mime_type"],
    mime: { types: ["video/mp4", "text/html"], thing: "video" },
  },
  voice: { texts: ["title"], file: "voice" },
};

/** The results of answerInlineQuery. @throws Refusal (400) */
export function checkInlineResults(call: Call): void {
  const results = call.array("results") ?? [];
  if (results.length > MOST_RESULTS) throw badRequest("Too many inline query results specified");
  for (const result of results) within("Can't parse inline query result", () => readResult(result));
  for (const result of results as Json[]) checkResult(result);
  const ids = new Set(results.map((result) => String((result as Json).id)));
  if (ids.size < results.length) throw badRequest("RESULT_ID_DUPLICATE");
}

/** The one result of answerWebAppQuery and its siblings. @throws Refusal (400) */
export function checkInlineResult(call: Call): void {
  const result = call.object<Json>("result")!;
  readResult(result);
  checkResult(result);
}

function readResult(result: unknown): void {
  if (!isObject(result)) throw badRequest("Inline query result must be an object");
  const type = requiredString(result, "type").toLowerCase();
  requiredString(result, "id");
  readContent(result, type === "article");
  format(optionalString(result, "caption"), result.parse_mode, result.caption_entities);
  if (isObject(result.reply_markup)) readMarkup(result.reply_markup);
  const kind = KINDS[type];
  if (kind === undefined) throw badRequest(`type "${type}" is unsupported for the inline query result`);
  readFields(result, kind);
}

function readFields(result: Json, { texts = [], numbers = [], file, withUrl = [] }: Kind): void {
  for (const name of numbers) requiredNumber(result, name);
  for (const name of texts) requiredString(result, name);
  if (file === undefined) return;
  if (optionalString(result, `${file}_url`) === "") requiredString(result, `${file}_file_id`);
  else for (const name of withUrl) requiredString(result, name);
}

/** The message that the result sends (`Client::get_input_message_content`). */
function readContent(result: Json, isRequired: boolean): void {
  if (result.input_message_content === undefined || result.input_message_content === null) {
    // The message was a part of the result once.
    const text = isRequired ? requiredString(result, "message_text") : optionalString(result, "message_text");
    if (text === "" && isRequired) throw badRequest("Message text is empty");
    return;
  }
  const content = requiredObject(result, "input_message_content");
  const text = optionalString(content, "message_text");
  if (text !== "") format(text, content.parse_mode, content.entities);
  else if (content.latitude !== undefined && content.longitude !== undefined) readFields(content, PLACE);
  else if (content.phone_number !== undefined) readFields(content, KINDS.contact!);
  else if (content.payload !== undefined) readFields(content, INVOICE);
  else if (content.rich_message === undefined && isRequired) throw badRequest("Input message content is not specified");
}

const PLACE: Kind = { numbers: ["latitude", "longitude"] };
const INVOICE: Kind = { texts: ["title", "description", "payload", "currency"] };

function checkResult(result: Json): void {
  const type = String(result.type).toLowerCase();
  const kind = KINDS[type]!;
  const place = (result.input_message_content ?? (kind.numbers === undefined ? {} : result)) as Json;
  const { latitude = 0, longitude = 0 } = place as { latitude?: number; longitude?: number };
  if (!isPlace(latitude, longitude)) throw badRequest("Invalid location specified");
  checkMime(result, kind);
  const content = type === "game" ? "game" : "payload" in place ? "invoice" : undefined;
  const markup = isObject(result.reply_markup) ? readMarkup(result.reply_markup) : {};
  checkMarkup(markup, { type: undefined, inlineOnly: true, content });
  const id = String(result.id);
  if (id === "" || Buffer.byteLength(id) > LONGEST_ID) throw badRequest("RESULT_ID_INVALID");
}

function checkMime(result: Json, { file, mime }: Kind): void {
  if (mime === undefined || optionalString(result, `${file}_url`) === "") return;
  const given = optionalString(result, "mime_type");
  if (!mime.types.some((type) => given.startsWith(type))) throw badRequest(`Unallowed ${mime.thing} MIME type`);
}
