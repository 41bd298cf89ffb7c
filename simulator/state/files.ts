/** Files by their ids: https://core.telegram.org/bots/api#file */

import { extname } from "node:path";
import type { File } from "@grammyjs/types";

/** A part of a multipart request that is a file. */
export interface UploadedFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

export interface StoredFile extends File {
  /** The name of the content that the file was sent as: `photo`, `voice`, … Undefined for a file that only a test knows. */
  kind?: string;
  file_path: string;
  file_name?: string;
  mime_type?: string;
  /** The file_id is a test's own: there is no file, and getFile refuses it. */
  made_up?: true;
}

/** Memory stays bounded in a long run: beyond these bytes the oldest file is no longer downloaded. */
const KEPT_BYTES = 256 * 2 ** 20;
const KEPT_FILES = 10_000;

/** Ends of names by kind. A document has that of its own name. */
const EXTENSIONS: Record<string, string> = {
  photo: ".jpg",
  video: ".mp4",
  animation: ".mp4",
  video_note: ".mp4",
  audio: ".mp3",
  voice: ".oga",
  sticker: ".webp",
};

export class FileStore {
  readonly #files = new Map<string, StoredFile>();
  /** By file_path. */
  readonly #bytes = new Map<string, Uint8Array>();
  #size = 0;
  #count = 0;

  /**
   * @param source an upload; a URL, which is not fetched: a short text stands for its file; or a file_id
   * @param kind the folder in `file_path`: `photo`, `voice`, …
   */
  store(source: UploadedFile | string | undefined, kind: string): StoredFile {
    const known = typeof source === "string" ? this.#files.get(source) : undefined;
    if (known !== undefined) return known;
    const number = ++this.#count;
    const upload = typeof source === "object" ? source : undefined;
    const isUrl = typeof source === "string" && /^https?:/.test(source);
    const bytes = upload?.bytes ?? Buffer.from(isUrl ? `The file of ${source}` : "");
    const isMadeUp = typeof source === "string" && !isUrl;
    const file: StoredFile = {
      // An unknown file_id is kept: tests may write their own.
      file_id: isMadeUp ? source : `BQACAgSimulator${number}`,
      file_unique_id: `AgADsim${number}`,
      file_size: bytes.length || 1024,
      file_path: `${kind}s/file_${number}${extensionOf(isUrl ? URL.parse(source)?.pathname : upload?.name, kind)}`,
      ...(upload && { kind, file_name: upload.name, mime_type: upload.type }),
      ...(isMadeUp && { made_up: true }),
    };
    this.#keep(file);
    if (!isMadeUp) this.#keepBytes(file.file_path, bytes);
    return file;
  }

  /** Another version of a file, with an id of its own and the same bytes. */
  version(file: StoredFile, name: string): StoredFile {
    const { file_id, file_unique_id } = file;
    const version = { ...file, file_id: `${file_id}-${name}`, file_unique_id: `${file_unique_id}-${name}` };
    this.#keep(version);
    return version;
  }

  /** Undefined for an unknown file_id, and one that a test has made up. */
  get(file_id: string): StoredFile | undefined {
    const file = this.#files.get(file_id);
    return file?.made_up ? undefined : file;
  }

  bytes(file_path: string): Uint8Array | undefined {
    return this.#bytes.get(file_path);
  }

  #keep(file: StoredFile): void {
    this.#files.set(file.file_id, file);
    if (this.#files.size > KEPT_FILES) this.#files.delete(oldestIn(this.#files)!);
  }

  #keepBytes(file_path: string, bytes: Uint8Array): void {
    this.#bytes.set(file_path, bytes);
    this.#size += bytes.length;
    while (this.#size > KEPT_BYTES && this.#bytes.size > 1) {
      const oldest = oldestIn(this.#bytes)!;
      this.#size -= this.#bytes.get(oldest)!.length;
      this.#bytes.delete(oldest);
    }
  }
}

/** Telegram makes every photo a JPEG; other files keep the end of their name. */
function extensionOf(name: string | undefined, kind: string): string {
  const own = extname(name ?? "");
  return kind !== "photo" && /^\.\w{1,8}$/.test(own) ? own : (EXTENSIONS[kind] ?? "");
}

/** True for a file that came with a call. */
export const isUpload = (value: unknown): value is UploadedFile =>
  typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof Uint8Array;

/** The fields of a file that messages show. */
export const shownOf = ({ file_path: _, kind: __, made_up: ___, ...file }: StoredFile) => file;

const oldestIn = (map: Map<string, unknown>) => map.keys().next().value;
