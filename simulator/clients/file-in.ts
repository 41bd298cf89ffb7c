/** The file of a message. */

import type { Message } from "@grammyjs/types";
import { ActionError } from "./actions/actions.ts";

/** The `file_id` of the message's file, of a photo's largest size. @throws ActionError if there is none */
export function fileIn(message: Message): string {
  const { photo, animation, document, video, voice, audio, sticker, video_note } = message;
  // An animation is there as a document, too.
  const file = photo?.at(-1) ?? animation ?? document ?? video ?? voice ?? audio ?? sticker ?? video_note;
  if (file === undefined) throw new ActionError(`message ${message.message_id} has no file`);
  return file.file_id;
}
