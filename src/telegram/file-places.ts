/**
 * Where the files of a call stand in its parameters, and so how they go up: what a parameter itself is becomes the form's part
 * of that name; what is inside a parameter, a part that `attach://` and its name refer to
 * (https://core.telegram.org/bots/api#sending-files). A local Bot API server reads what has a path by itself.
 */

import { pathToFileURL } from "node:url";
import type { Call, Upload } from "../protocol/port.ts";

export type FileCall = Call & { files: readonly Upload[] };

export interface FilePlace {
  readonly upload: Upload;
  /** Its name in the form; undefined where the server reads it by itself. */
  part: string | undefined;
  filename: string;
  /** Of a photo Telegram takes less. */
  isPhoto: boolean;
}

export interface PlacedFiles {
  /** What is left to say in the form beside the files. */
  parameters: Record<string, unknown>;
  places: FilePlace[];
}

export function placeFiles({ method, body, files }: FileCall, isLocal: boolean): PlacedFiles {
  const byReference = new Map(files.map((upload) => [`attach://${upload.name}`, upload]));
  const places = new Map<Upload, FilePlace>();
  const mentions: Upload[] = [];
  const parameters = JSON.parse(body, function (this: Record<string, unknown>, key, value) {
    const upload = byReference.get(value);
    if (upload === undefined) return value;
    mentions.push(upload);
    const uri = isLocal ? uriFor(upload, method) : undefined;
    const kind = key === "media" ? String(this.type) : key;
    const { name: part, filename = filenameFor(kind) } = upload;
    places.set(upload, { upload, part: uri === undefined ? part : undefined, filename, isPhoto: kind === "photo" });
    return uri ?? value;
  });
  for (const [key, value] of Object.entries(parameters)) {
    const place = places.get(byReference.get(value as string)!);
    // One that stands in a second place as well is referred to from both.
    if (place === undefined || mentions.filter((upload) => upload === place.upload).length > 1) continue;
    place.part = key;
    delete parameters[key];
  }
  return { parameters, places: [...places.values()] };
}

/** How a local server is told of the file; undefined for what it cannot read by itself. */
function uriFor({ source }: Upload, method: string): string | undefined {
  // The certificate is no file to be sent on, and has to come with the request.
  if (!("path" in source) || method === "setWebhook") return undefined;
  return pathToFileURL(source.path).href;
}

/** Telegram goes by the extension in places: an animation is one only if it is called so. */
const EXTENSIONS: Record<string, string> = {
  photo: ".jpg",
  live_photo: ".mp4",
  audio: ".mp3",
  video: ".mp4",
  animation: ".mp4",
  video_note: ".mp4",
  voice: ".ogg",
  voice_note: ".ogg",
  sticker: ".webp",
  thumbnail: ".jpg",
  cover: ".jpg",
  certificate: ".pem",
};

function filenameFor(kind: string): string {
  return Object.hasOwn(EXTENSIONS, kind) ? kind + EXTENSIONS[kind] : "file";
}
