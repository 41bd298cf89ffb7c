/** Uploaded files by their ids: https://core.telegram.org/bots/api#file */

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
}

/** The bytes of this many uploads are kept: memory stays bounded in a long run. */
const KEPT_BYTES = 64;
const KEPT_FILES = 10_000;

export class FileStore {
  readonly #files = new Map<string, StoredFile>();
  /** By file_path. */
  readonly #bytes = new Map<string, Uint8Array>();
  #count = 0;

  /**
   * @param source an upload; a URL, which is not fetched; or the file_id of a known file
   * @param kind the folder in `file_path`: `photo`, `voice`, …
   */
  store(source: UploadedFile | string | undefined, kind: string): StoredFile {
    const known = typeof source === "string" ? this.#files.get(source) : undefined;
    if (known !== undefined) return known;
    const number = ++this.#count;
    const upload = typeof source === "object" ? source : undefined;
    const isUrl = typeof source === "string" && /^https?:/.test(source);
    // An unknown file_id is kept: tests may write their own.
    const file_id = typeof source === "string" && !isUrl ? source : `BQACAgSimulator${number}`;
    const file: StoredFile = {
      file_id,
      file_unique_id: `AgADsim${number}`,
      file_size: upload?.bytes.length ?? 1024,
      file_path: `${kind}s/file_${number}`,
      ...(upload && { kind, file_name: upload.name, mime_type: upload.type }),
    };
    this.#files.set(file_id, file);
    dropOldest(this.#files, KEPT_FILES);
    if (upload !== undefined) {
      this.#bytes.set(file.file_path, upload.bytes);
      dropOldest(this.#bytes, KEPT_BYTES);
    }
    return file;
  }

  /** Another version of a file, with an id of its own and the same bytes. */
  version(file: StoredFile, name: string): StoredFile {
    const { file_id, file_unique_id } = file;
    const version = { ...file, file_id: `${file_id}-${name}`, file_unique_id: `${file_unique_id}-${name}` };
    this.#files.set(version.file_id, version);
    dropOldest(this.#files, KEPT_FILES);
    return version;
  }

  get(file_id: string): StoredFile | undefined {
    return this.#files.get(file_id);
  }

  /** The uploaded bytes; undefined for files that were never uploaded, and for old ones. */
  bytes(file_path: string): Uint8Array | undefined {
    return this.#bytes.get(file_path);
  }
}

function dropOldest(map: Map<string, unknown>, limit: number): void {
  if (map.size <= limit) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
