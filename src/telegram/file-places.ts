/**
 * Places of a call's files in its parameters, which decide how they are uploaded
 * (https://core.telegram.org/bots/api#sending-files): a file that is a parameter becomes the form's part of that name; a file
 * inside a parameter becomes a part that `attach://<name>` refers to. A local Bot API server reads a file with a path itself.
 */

import { pathToFileURL } from "node:url";
import type { Call, Upload } from "../protocol/port.ts";

export type FileCall = Call & { files: readonly Upload[] };

export interface FilePlace {
  readonly upload: Upload;
  /** The name of the form's part; undefined where the server reads the file itself. */
  part: string | undefined;
  filename: string;
  /** Photos have a lower size limit. */
  isPhoto: boolean;
}

export interface PlacedFiles {
  /** The form's other fields. */
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
    // A file in two places becomes one part, with two references to it.
    if (place === undefined || mentions.filter((upload) => upload === place.upload).length > 1) continue;
    place.part = key;
    delete parameters[key];
  }
  return { parameters, places: [...places.values()] };
}

/** @returns the `file://` URL for a local server; undefined for a file that it cannot read itself */
function uriFor({ source }: Upload, method: string): string | undefined {
  // A webhook's certificate must be in the request. A temporary file is for this process's user alone.
  if (!("path" in source) || source.isTemporary || method === "setWebhook") return undefined;
  return pathToFileURL(source.path).href;
}

/** Telegram decides by the extension in places: an animation must be named like one. */
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
