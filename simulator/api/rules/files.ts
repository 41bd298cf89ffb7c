/**
 * Files in calls: https://core.telegram.org/bots/api#sending-files, with the limits of FileLoaderUtils.cpp in tdlib. With `local` the
 * limits are those of a Bot API server of one's own: https://core.telegram.org/bots/api#using-a-local-bot-api-server
 */

import { isUpload, type UploadedFile } from "../../state/files.ts";
import { imageSize } from "../../state/image-size.ts";
import type { Call } from "../call.ts";
import { isObject } from "../fields.ts";
import { badRequest, Refusal } from "../refusal.ts";
import type { Telegram } from "../telegram.ts";

const MB = 2 ** 20;
const MOST_UPLOADED = 50 * MB;
const MOST_UPLOADED_LOCALLY = 2000 * MB;
const MOST_DOWNLOADED = 20 * MB;
const MOST_BY_KIND: Record<string, { bytes: number; thing: string }> = {
  photo: { bytes: 10 * MB, thing: "photo" },
  video_note: { bytes: 12 * MB, thing: "video note" },
};
/** Pixels: https://core.telegram.org/bots/api#sendphoto */
const MOST_PIXELS = 10_000;
const MOST_RATIO = 20;

/** Parameters and fields that hold the file of a message, which are also the names of its content. */
const KINDS = ["photo", "video", "animation", "audio", "document", "voice", "video_note", "sticker"];

interface Part {
  kind: string;
  file: UploadedFile | string;
}

/** The files of a call: in its parameters, and in its media. */
function partsOf(call: Call): Part[] {
  const media = [call.values.media].flat().filter(isObject);
  return [
    ...KINDS.map((kind) => ({ kind, file: call.values[kind] })),
    ...media.map(({ type, media: file }) => ({ kind: type === "live_photo" ? "video" : String(type), file })),
    ...[call.values, ...media].map(({ cover }) => ({ kind: "photo", file: cover })),
  ].filter((part): part is Part => typeof part.file === "string" || isUpload(part.file));
}

/** An upload that HTTP refuses. @throws Refusal (413) */
export function readUploads(call: Call, { local }: Telegram): void {
  const most = local ? MOST_UPLOADED_LOCALLY : MOST_UPLOADED;
  const isTooLarge = ({ file }: Part) => typeof file === "object" && file.bytes.length > most;
  if (partsOf(call).some(isTooLarge)) throw new Refusal(413, "Request Entity Too Large");
}

/** @throws Refusal (400) */
export function checkFiles(call: Call, { files }: Pick<Telegram, "files">): void {
  for (const { kind, file } of partsOf(call)) {
    if (typeof file === "object") checkUpload(kind, file);
    else checkKind(kind, files.get(file)?.kind);
  }
}

function checkUpload(kind: string, { bytes }: UploadedFile): void {
  const { length } = bytes;
  if (length === 0) throw badRequest("File must be non-empty");
  const most = MOST_BY_KIND[kind];
  if (most !== undefined && length > most.bytes) {
    const limit = `the maximum size is ${most.bytes} bytes`;
    throw badRequest(`File of size ${length} bytes is too big for a ${most.thing}; ${limit}`);
  }
  if (kind === "photo") checkImage(bytes);
}

function checkImage(bytes: Uint8Array): void {
  const size = imageSize(bytes);
  if (size === undefined) throw badRequest("IMAGE_PROCESS_FAILED");
  const { width, height } = size;
  const ratio = Math.max(width, height) / Math.min(width, height);
  if (width + height > MOST_PIXELS || ratio > MOST_RATIO) throw badRequest("PHOTO_INVALID_DIMENSIONS");
}

/** td's names of the kinds. All but photos are documents, which may be sent as one another. */
const NAMES: Record<string, string> = {
  photo: "Photo",
  video: "Video",
  animation: "Animation",
  audio: "Audio",
  document: "Document",
  voice: "VoiceNote",
  video_note: "VideoNote",
  sticker: "Sticker",
};

function checkKind(wanted: string, known: string | undefined): void {
  if (known === undefined || NAMES[known] === undefined) return;
  if ((known === "photo") !== (wanted === "photo")) {
    throw badRequest(`Can't use file of type ${NAMES[known]} as ${NAMES[wanted]}`);
  }
}

/** @throws Refusal (400) */
export function checkDownload(call: Call, { files, local }: Telegram): void {
  const { file_size = 0 } = files.get(call.string("file_id")!) ?? {};
  if (!local && file_size > MOST_DOWNLOADED) throw badRequest("file is too big");
}

/** The photo of a chat (`Client::process_set_chat_photo_query`). @throws Refusal (400) */
export function readChatPhoto(call: Call): void {
  if (typeof call.file("photo") === "string") throw badRequest("Photo must be uploaded as an InputFile");
}
