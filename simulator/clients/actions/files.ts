/** Users send files: as documents, photos, videos, voice messages, music, animations and stickers; several as an album. */

import { extname } from "node:path";
import { shownOf } from "../../state/files.ts";
import { photoOf } from "../../state/photos.ts";
import type { ActionHandlers } from "../action-context.ts";
import { ActionError, type Upload } from "./actions.ts";
import { send } from "./messages.ts";

type FileAction = "sendFile" | "sendPhoto" | "sendVideo" | "sendVoice" | "sendAudio" | "sendAnimation" | "sendSticker";

export const fileActions: ActionHandlers<FileAction> = {
  sendFile({ name, base64, type = "application/octet-stream", ...message }, context) {
    const document = shownOf(context.files.store({ name, type, bytes: bytesOf(base64) }, "document"));
    return send(withContent({ document }, message), context);
  },

  sendPhoto({ base64, ...message }, context) {
    const photo = photoOf({ bytes: bytesOf(base64) }, context.files);
    if (photo === undefined) throw new ActionError("this file is no photo: it is neither a PNG, a JPEG nor a WebP");
    return send(withContent({ photo }, message), context);
  },

  sendVideo({ base64, name = "video.mp4", type = typeOf(name, VIDEOS), ...more }, context) {
    const { width = 1280, height = 720, duration, ...message } = more;
    const file = shownOf(context.files.store({ name, type, bytes: bytesOf(base64) }, "video"));
    const video = { ...file, width, height, duration: duration ?? secondsOf(file, VIDEO_RATE) };
    return send(withContent({ video }, message), context);
  },

  sendVoice({ base64, name = "voice.ogg", type = typeOf(name, VOICES), duration, ...message }, context) {
    const upload = { name, type, bytes: bytesOf(base64) };
    const { file_name: _, ...file } = shownOf(context.files.store(upload, "voice"));
    const voice = { ...file, duration: duration ?? secondsOf(file, VOICE_RATE) };
    return send(withContent({ voice }, message), context);
  },

  sendAudio({ base64, name = "audio.mp3", type = typeOf(name, SOUNDS), ...more }, context) {
    const { duration, performer, title, ...message } = more;
    const file = shownOf(context.files.store({ name, type, bytes: bytesOf(base64) }, "audio"));
    const about = { ...(performer !== undefined && { performer }), ...(title !== undefined && { title }) };
    const audio = { ...file, duration: duration ?? secondsOf(file, SOUND_RATE), ...about };
    return send(withContent({ audio }, message), context);
  },

  sendAnimation({ base64, name = "animation.mp4", type = typeOf(name, ANIMATIONS), ...more }, context) {
    const { width = 480, height = 270, duration, ...message } = more;
    const document = shownOf(context.files.store({ name, type, bytes: bytesOf(base64) }, "animation"));
    const animation = { ...document, width, height, duration: duration ?? secondsOf(document, VIDEO_RATE) };
    // "For backward compatibility, when this field is set, the document field will also be set": core.telegram.org/bots/api#message
    return send(withContent({ animation, document }, message), context);
  },

  sendSticker({ base64, emoji, ...where }, context) {
    const upload = { name: "sticker.webp", type: "image/webp", bytes: bytesOf(base64) };
    const { file_name: _, mime_type: __, ...file } = shownOf(context.files.store(upload, "sticker"));
    const shape = { type: "regular", width: 512, height: 512, is_animated: false, is_video: false } as const;
    return send(
      { ...where, content: { sticker: { ...file, ...shape, ...(emoji !== undefined && { emoji }) } } },
      context,
    );
  },
};

/** MIME types by the end of the name. The first is that of any other name. */
const VIDEOS = { ".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska" };
const VOICES = { ".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".m4a": "audio/mp4" };
const SOUNDS = { ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".flac": "audio/flac" };
const ANIMATIONS = { ".mp4": "video/mp4", ".gif": "image/gif" };

/** Bytes in a second of a typical file: its length is not read from the file. */
const VIDEO_RATE = 250_000;
const VOICE_RATE = 4000;
const SOUND_RATE = 20_000;

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

const typeOf = (name: string, types: Record<string, string>) =>
  types[extname(name).toLowerCase()] ?? Object.values(types)[0]!;

const secondsOf = ({ file_size }: { file_size?: number }, rate: number) =>
  Math.max(1, Math.round((file_size ?? 0) / rate));

function withContent<C extends object>(content: C, { caption, album, ...where }: Omit<Upload, "base64">) {
  const more = { ...(caption !== undefined && { caption }), ...(album !== undefined && { media_group_id: album }) };
  return { ...where, content: { ...content, ...more } };
}
