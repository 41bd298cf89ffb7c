/** Files that went up, and the ids by which they are known from then on: https://core.telegram.org/bots/api#file */

import type { File } from "@grammyjs/types";

/** A part of a multipart request that is a file. */
export interface UploadedFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

export interface StoredFile extends File {
  file_path: string;
  file_name?: string;
  mime_type?: string;
}

/** Bytes are kept of this many uploads only, so that a long run does not eat the memory. */
const KEPT_BYTES = 64;
const KEPT_FILES = 10_000;

export class FileStore {
  readonly #files = new Map<string, StoredFile>();
  /** By file_path. */
  readonly #bytes = new Map<string, Uint8Array>();
  #count = 0;

  /**
   * @param source an upload; a URL, which is not fetched; or a file_id, which stands for the file that has it
   * @param kind where the file lies: `photo`, `voice`, …
   */
  store(source: UploadedFile | string | undefined, kind: string): StoredFile {
    const known = typeof source === "string" ? this.#files.get(source) : undefined;
    if (known !== undefined) return known;
    const number = ++this.#count;
    const upload = typeof source === "object" ? source : undefined;
    const isUrl = typeof source === "string" && /^https?:/.test(source);
    // A file_id that this simulator never gave out stays what it is: tests like to write their own.
    const file_id = typeof source === "string" && !isUrl ? source : `BQACAgSimulator${number}`;
    const file: StoredFile = {
      file_id,
      file_unique_id: `AgADsim${number}`,
      file_size: upload?.bytes.length ?? 1024,
      file_path: `${kind}s/file_${number}`,
      ...(upload && { file_name: upload.name, mime_type: upload.type }),
    };
    this.#files.set(file_id, file);
    forgetOldest(this.#files, KEPT_FILES);
    if (upload !== undefined) {
      this.#bytes.set(file.file_path, upload.bytes);
      forgetOldest(this.#bytes, KEPT_BYTES);
    }
    return file;
  }

  get(file_id: string): StoredFile | undefined {
    return this.#files.get(file_id);
  }

  /** What went up; undefined for files that were never uploaded, and for old ones. */
  bytes(file_path: string): Uint8Array | undefined {
    return this.#bytes.get(file_path);
  }
}

function forgetOldest(map: Map<string, unknown>, limit: number): void {
  if (map.size <= limit) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
