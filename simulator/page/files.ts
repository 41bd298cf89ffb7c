/** Files that a person sends: by their type as a photo, a film, music, a voice message, or a document; several at once as an album. */

import type { Where } from "../clients/actions/actions.ts";
import { act } from "./server.ts";

/** Sends them one after another. */
export async function sendFiles(files: readonly File[], where: Where & { topic?: number }): Promise<void> {
  // Telegram mixes photos and videos in an album, and nothing else.
  const isAlbum = files.length > 1 && files.every(({ type }) => PHOTO.test(type) || FILM.test(type));
  const place = isAlbum ? { ...where, album: `${Date.now()}` } : where;
  for (const file of files) await sendFile(file, place);
}

const PHOTO = /^image\/(png|jpeg|webp)$/;
const FILM = /^video\//;

async function sendFile(file: File, where: Where): Promise<void> {
  const { name, type } = file;
  const upload = { ...where, base64: await base64Of(file) };
  if (PHOTO.test(type)) await act("sendPhoto", upload);
  else if (FILM.test(type)) await act("sendVideo", { ...upload, name, type });
  else if (type === "image/gif") await act("sendAnimation", { ...upload, name, type });
  else if (/^audio\/(ogg|opus)/.test(type)) await act("sendVoice", { ...upload, name, type });
  else if (type.startsWith("audio/")) await act("sendAudio", { ...upload, name, type });
  else await act("sendFile", { ...upload, name, ...(type !== "" && { type }) });
}

async function base64Of(file: File): Promise<string> {
  const reader = new FileReader();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  reader.onload = () => resolve(String(reader.result));
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
  const url = await promise;
  return url.slice(url.indexOf(",") + 1);
}
