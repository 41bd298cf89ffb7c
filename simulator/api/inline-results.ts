/** Turns the results of inline queries into the content of messages: https://core.telegram.org/bots/api#inlinequeryresult */

import type { InlineChoice } from "../state/inline.ts";
import { Call } from "./call.ts";
import { withKnownUsers } from "./mentions.ts";
import { badRequest } from "./refusal.ts";
import { readMarkup } from "./reply-markup.ts";
import type { Telegram } from "./telegram.ts";

type Result = Record<string, unknown>;

/** The method that would send the same content, the name of its file, and the result's fields for the file. */
const MEDIA: Record<string, readonly [method: string, parameter: string, ...sources: string[]]> = {
  photo: ["sendPhoto", "photo", "photo_file_id", "photo_url"],
  gif: ["sendAnimation", "animation", "gif_file_id", "gif_url"],
  mpeg4_gif: ["sendAnimation", "animation", "mpeg4_file_id", "mpeg4_url"],
  video: ["sendVideo", "video", "video_file_id", "video_url"],
  audio: ["sendAudio", "audio", "audio_file_id", "audio_url"],
  voice: ["sendVoice", "voice", "voice_file_id", "voice_url"],
  document: ["sendDocument", "document", "document_file_id", "document_url"],
  sticker: ["sendSticker", "sticker", "sticker_file_id"],
};

/** Types whose fields are the parameters of the method. */
const PLAIN: Record<string, string> = {
  location: "sendLocation",
  venue: "sendVenue",
  contact: "sendContact",
  game: "sendGame",
};

/** The content of an input_message_content, by a field that only it has; the first that is there counts. */
const INPUT: readonly (readonly [field: string, method: string])[] = [
  ["message_text", "sendMessage"],
  ["rich_message", "sendRichMessage"],
  ["address", "sendVenue"],
  ["latitude", "sendLocation"],
  ["phone_number", "sendContact"],
  ["prices", "sendInvoice"],
];

export type ContentOf = (call: Call, telegram: Telegram) => InlineChoice["content"];

/** @throws Refusal (400) for a result that Telegram refuses */
export function choiceOf(result: Result, call: Call, telegram: Telegram, contentOf: ContentOf): InlineChoice {
  const { inline } = readMarkup(result.reply_markup as Record<string, unknown> | undefined);
  const message = new Call(...sendingOf(result), call.signal);
  const terms = message.method === "sendInvoice" ? { terms: message.values as never } : {};
  return {
    id: String(result.id),
    content: withKnownUsers(contentOf(message, telegram), telegram.world),
    ...(inline !== undefined && { reply_markup: inline }),
    ...terms,
  };
}

function sendingOf(result: Result): [method: string, parameters: Record<string, unknown>] {
  const input = result.input_message_content as Result | undefined;
  if (input !== undefined) {
    const method = INPUT.find(([field]) => input[field] !== undefined)?.[1];
    if (method === undefined) throw badRequest("input message content is not specified");
    return [method, { ...input, text: input.message_text }];
  }
  const type = String(result.type).toLowerCase();
  const plain = PLAIN[type];
  if (plain !== undefined) return [plain, result];
  const medium = MEDIA[type];
  if (medium === undefined) throw badRequest("input message content is not specified");
  const [method, parameter, ...sources] = medium;
  const file = sources.map((name) => result[name]).find((value) => value !== undefined);
  return [method, { ...prefixed(result, type), [parameter]: file }];
}

/** Width, height and duration have the type's name in front: `mpeg4_width`. */
function prefixed(result: Result, type: string): Result {
  const prefix = `${type === "mpeg4_gif" ? "mpeg4" : type}_`;
  const named = Object.entries(result).map(([name, value]) => [
    name.startsWith(prefix) ? name.slice(prefix.length) : name,
    value,
  ]);
  return Object.fromEntries(named);
}
