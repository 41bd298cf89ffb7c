/** Reads an InputProfilePhoto: https://core.telegram.org/bots/api#inputprofilephoto */

import type { PhotoSize } from "@grammyjs/types";
import type { UploadedFile } from "../state/files.ts";
import { photoOf, versionsOf } from "../state/photos.ts";
import { badRequest } from "./refusal.ts";
import type { Telegram } from "./telegram.ts";

/** The side of the largest version of a profile photo, in pixels. */
const SIDE = 640;

/** @throws Refusal (400) if the photo is not uploaded, or no image */
export function profilePhotoOf(
  { type, photo, animation }: Record<string, string | UploadedFile>,
  { files }: Telegram,
): PhotoSize[] {
  const file = type === "animated" ? animation : photo;
  // "Profile photos can't be reused and can only be uploaded as a new file".
  if (typeof file !== "object") throw badRequest("profile photo must be uploaded as a new file");
  if (type === "animated") return versionsOf(files.store(file, "video"), { width: SIDE, height: SIDE }, files);
  const sizes = photoOf(file, files);
  if (sizes === undefined) throw badRequest("PHOTO_INVALID_DIMENSIONS");
  return sizes;
}
