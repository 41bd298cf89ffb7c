/** The versions of a photo, as Telegram makes them: https://core.telegram.org/bots/api#photosize */

import type { PhotoSize } from "@grammyjs/types";
import type { FileStore, StoredFile, UploadedFile } from "./files.ts";
import { imageSize } from "./image-size.ts";

/** Longest sides of the smaller versions, in pixels. */
const SMALLER = [90, 320, 800, 1280];

/**
 * The versions of an uploaded photo, the largest last. Each has a file_id of its own, and downloads as the file itself.
 * Undefined if the file is no image.
 */
export function photoOf({ bytes }: Pick<UploadedFile, "bytes">, files: FileStore): PhotoSize[] | undefined {
  const size = imageSize(bytes);
  if (size === undefined) return undefined;
  const { width, height, type } = size;
  const whole = files.store({ name: "photo", type, bytes }, "photo");
  return versionsOf(whole, { width, height }, files);
}

/** The versions of a stored photo of this size. */
export function versionsOf(
  whole: StoredFile,
  { width, height }: { width: number; height: number },
  files: FileStore,
): PhotoSize[] {
  const longest = Math.max(width, height);
  const scaled = (side: number, box: number) => Math.max(1, Math.round((side * box) / longest));
  const smaller = SMALLER.filter((box) => box < longest).map((box) =>
    sizeOf(files.version(whole, String(box)), scaled(width, box), scaled(height, box)),
  );
  return [...smaller, sizeOf(whole, width, height)];
}

function sizeOf({ file_id, file_unique_id, file_size = 0 }: StoredFile, width: number, height: number): PhotoSize {
  return { file_id, file_unique_id, width, height, file_size };
}
