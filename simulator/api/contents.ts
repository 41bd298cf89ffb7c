/** Content that is more than the parameters under another name: each fills the fields that Telegram fills (Client.cpp, JsonMessage). */

import type { PhotoSize } from "@grammyjs/types";
import { shownOf, type UploadedFile } from "../state/files.ts";
import type { Content } from "../state/messages.ts";
import { photoOf } from "../state/photos.ts";
import { format } from "../text/format.ts";
import type { FormattedText } from "../text/formatted-text.ts";
import type { Call } from "./call.ts";
import { badRequest } from "./refusal.ts";
import { explanationOf, optionsOf, questionOf } from "./rules/polls.ts";
import type { Telegram } from "./telegram.ts";

type Loose = Record<string, unknown>;

/** A text as the fields of an object: `question`, and `question_entities` if it has some. */
const textAs = (name: string, { text, entities }: FormattedText): Loose => ({
  [name]: text,
  ...(entities.length > 0 && { [`${name}_entities`]: entities }),
});

const descriptionOf = (call: Call) =>
  format(call.string("description")!, call.values.description_parse_mode, call.array("description_entities"));

/** A poll that no user has voted in. */
export function pollOf(call: Call, { world }: Telegram): Content {
  const { values } = call;
  const isQuiz = values.type === "quiz";
  const options = optionsOf(call).map((option, at) => ({
    persistent_id: String(at),
    ...textAs("text", option),
    voter_count: 0,
  }));
  const kept = ["open_period", "close_date", "country_codes"].filter((name) => values[name] !== undefined);
  const poll = {
    id: world.nextQueryId(),
    ...textAs("question", questionOf(call)),
    options,
    total_voter_count: 0,
    is_closed: call.boolean("is_closed"),
    is_anonymous: values.is_anonymous !== false,
    type: isQuiz ? "quiz" : "regular",
    allows_multiple_answers: call.boolean("allows_multiple_answers"),
    allows_revoting: (values.allows_revoting as boolean | undefined) ?? !isQuiz,
    members_only: call.boolean("members_only"),
    ...(isQuiz && { correct_option_ids: call.array("correct_option_ids") ?? [] }),
    ...(isQuiz && call.has("explanation") && textAs("explanation", explanationOf(call))),
    ...(call.has("description") && textAs("description", descriptionOf(call))),
    ...Object.fromEntries(kept.map((name) => [name, values[name]])),
  };
  return { poll: poll as never };
}

/** The versions of an uploaded image; undefined for a file_id, a URL, and a file that is no image. */
export function uploadedPhoto(call: Call, { files }: Telegram): PhotoSize[] | undefined {
  const photo = call.file("photo");
  return typeof photo === "object" ? photoOf(photo, files) : undefined;
}

/** The blocks of a rich message; HTML and Markdown become paragraphs. */
export function richOf(call: Call, telegram: Telegram): Content {
  const { blocks, html, markdown, is_rtl } = call.object<Loose>("rich_message") ?? {};
  const source = (html ?? markdown) as string | undefined;
  if (!Array.isArray(blocks) && source === undefined) throw badRequest("RICH_MESSAGE_EMPTY");
  const read = Array.isArray(blocks)
    ? blocks.map((block) => withFiles(block, telegram))
    : paragraphsOf(source!, html === undefined ? "Markdown" : "HTML");
  return { rich_message: { blocks: read, ...(is_rtl === true && { is_rtl }) } } as Content;
}

const paragraphsOf = (source: string, parse_mode: string) =>
  source
    .split(/\n{2,}/)
    .map((part) => ({ type: "paragraph", text: plain(part, parse_mode) }))
    .filter(({ text }) => text !== "");

/** The text without its marks; as it is if it has marks that messages do not have. */
function plain(source: string, parse_mode: string): string {
  try {
    return format(source, parse_mode).text;
  } catch {
    return source.replaceAll(/<[^>]*>/g, "").trim();
  }
}

const MEDIA_BLOCKS = ["photo", "video", "animation", "audio", "document", "voice_note"];

/** A block with the stored files in place of what was uploaded. */
function withFiles(block: unknown, telegram: Telegram): unknown {
  if (Array.isArray(block)) return block.map((one) => withFiles(one, telegram));
  if (typeof block !== "object" || block === null) return block;
  return Object.fromEntries(
    Object.entries(block).map(([name, value]) => {
      const isMedia = MEDIA_BLOCKS.includes(name) && typeof value === "object" && value !== null && "media" in value;
      return [name, isMedia ? mediumOf(name, value as Loose, telegram) : withFiles(value, telegram)];
    }),
  );
}

/** https://core.telegram.org/bots/api#paidmedia: what a user sees after the purchase, and the bot at once. */
export function paidMediaOf(call: Call, telegram: Telegram): Content {
  const paid_media = call.array<Loose>("media")!.map((item) => {
    const type = String(item.type);
    return { type, [type]: mediumOf(type, item, telegram) };
  });
  return { paid_media: { star_count: call.number("star_count")!, paid_media } as never };
}

/** A stored file as PhotoSize[], Video, Audio, …; with the sizes that the call gives. */
function mediumOf(
  type: string,
  { media, width = 640, height = 480, duration = 1 }: Loose,
  { files }: Telegram,
): unknown {
  const source = media as string | UploadedFile;
  if (type === "photo") {
    const uploaded = typeof source === "object" ? photoOf(source, files) : undefined;
    if (uploaded !== undefined) return uploaded;
  }
  const file = shownOf(files.store(source, type));
  if (type === "photo") return [{ ...file, width, height }];
  if (type === "document") return file;
  return type === "audio" || type === "voice_note" ? { ...file, duration } : { ...file, width, height, duration };
}
