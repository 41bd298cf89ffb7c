/**
 * Files of a request, read to their ends before the call is made: so it can be made again. Small files stay in memory, and large
 * ones go to the disk.
 */

import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReadyFile } from "../input-file.ts";

/** Bytes beyond which a file goes to the disk. */
const LARGE = 1024 * 1024;

export class Spool {
  readonly #paths: string[] = [];

  /** Reads a file. @throws an error of the stream or of the disk */
  async take(chunks: AsyncIterable<Uint8Array>, filename?: string, content_type?: string): Promise<ReadyFile> {
    const hash = createHash("sha256");
    const inMemory: Uint8Array[] = [];
    let size = 0;
    let path = "";
    let file: FileHandle | undefined;
    try {
      for await (const bytes of chunks) {
        hash.update(bytes);
        size += bytes.byteLength;
        inMemory.push(bytes);
        if (size <= LARGE) continue;
        if (file === undefined) {
          path = join(tmpdir(), `asgigram-${randomUUID()}`);
          this.#paths.push(path);
          file = await open(path, "wx", 0o600);
        }
        await file.writev(inMemory);
        inMemory.length = 0;
      }
    } finally {
      await file?.close();
    }
    const fingerprint = `sha256-${hash.digest("base64url")}`;
    const content = file === undefined ? { bytes: Buffer.concat(inMemory) } : { path, isTemporary: true as const };
    return new ReadyFile({ filename, content_type, content, fingerprint });
  }

  /** Reads a field of a form. */
  async takeField(value: File | string): Promise<string | ReadyFile> {
    if (typeof value === "string") return value;
    return await this.take(value.stream(), value.name, value.type || undefined);
  }

  /** Removes its files. The main thread has removed those of a call that was made. */
  async discard(): Promise<void> {
    for (const path of this.#paths) await rm(path, { force: true });
  }
}
