/** Files that a person sends: by their type as a photo, a video, a voice message, or a document. */

import type { Where } from "../clients/actions/actions.ts";
import { act } from "./server.ts";

/** Sends them one after another. */
export async function sendFiles(files: readonly File[], where: Where & { topic?: number }): Promise<void> {
  for (const file of files) await sendFile(file, where);
}

async function sendFile(file: File, where: Where): Promise<void> {
  const { name, type } = file;
  const upload = { ...where, base64: await base64Of(file) };
  if (/^image\/(png|jpeg|webp)$/.test(type)) await act("sendPhoto", upload);
  else if (type.startsWith("video/")) await act("sendVideo", { ...upload, name, type });
  else if (/^audio\/(ogg|opus)/.test(type)) await act("sendVoice", { ...upload, name, type });
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
