/**
 * The files of an outgoing event: finds them, gives each a name that stands in its place in the call's body, and moves
 * them to the main thread. Nothing is moved before the whole event has been checked.
 */

import { statSync } from "node:fs";
import type { Upload, UploadSource } from "../src/protocol/port.ts";
import { copyOfBytes, isWhole, transferableBytes } from "../src/protocol/transferable-bytes.ts";
import { fileIn, type GivenFile } from "./input-file.ts";
import type { Streams } from "./streams.ts";

interface Attachment extends GivenFile {
  /** The application's object. If it is in the event twice, it is uploaded once. */
  value: object;
  name: string;
  key: string;
}

/** Most workers send no files, and its import takes a tenth of a worker's start. */
const crypto = () => process.getBuiltinModule("node:crypto");

/** Makes names of files impossible to guess, so that no text from a user can be taken for one. */
let prefix: string | undefined;
let last = 0;

export class Attachments {
  #found: Attachment[] | undefined;

  /** Path of the first file in the event; undefined without files. */
  get first(): string | undefined {
    return this.#found?.[0]?.key;
  }

  /**
   * @param key path of the value in the event
   * @returns the text for the body in place of the file; undefined if the value is no file
   * @throws InvalidEventError for a file that cannot be sent
   */
  standIn(value: object, key: string): string | undefined {
    const known = this.#found?.find((attachment) => attachment.value === value);
    if (known !== undefined) return `attach://${known.name}`;
    const file = fileIn(value, key);
    if (file === undefined) return undefined;
    prefix ??= crypto().randomUUID().slice(0, 8);
    const name = `file-${prefix}-${++last}`;
    this.#found ??= [];
    this.#found.push({ ...file, value, name, key });
    return `attach://${name}`;
  }

  /** The files, ready to be posted: bytes are moved out of the application's buffers, and streams wait to be read. */
  take(streams: Streams): Upload[] {
    const found = this.#found ?? [];
    // Parts of buffers are copied, and all is hashed, before any buffer is moved: it may be the same buffer.
    const parts = new Map(found.map(({ content }) => [content, partIn(content)]));
    const fingerprints = found.map(({ content, fingerprint }) => fingerprint ?? fingerprintOf(content));
    const wholes = new Map<ArrayBufferLike, Uint8Array<ArrayBuffer>>();
    const bytesOf = (bytes: ArrayBufferView) => {
      const { buffer } = bytes;
      const moved = wholes.get(buffer) ?? transferableBytes(bytes);
      wholes.set(buffer, moved);
      return moved;
    };
    const sourceOf = (content: GivenFile["content"]): UploadSource => {
      if ("path" in content) return content;
      if ("stream" in content) return { port: streams.up(content.stream) };
      // A Blob with a name, or of a file on disk, cannot be posted to another thread. Its slice can.
      if ("blob" in content) return { blob: content.blob.slice(0, content.blob.size, content.blob.type) };
      return { bytes: parts.get(content) ?? bytesOf(content.bytes) };
    };
    return found.map(({ name, key, filename, content_type, content }, i) => {
      const fingerprint = fingerprints[i];
      return { name, key, filename, content_type, fingerprint, source: sourceOf(content) };
    });
  }
}

/** Equal for equal files; undefined for a stream or a Blob, whose bytes are not at hand. */
function fingerprintOf(content: GivenFile["content"]): string | undefined {
  if ("bytes" in content) {
    const { buffer, byteOffset, byteLength } = content.bytes;
    return `sha256-${crypto().hash("sha256", new Uint8Array(buffer, byteOffset, byteLength), "base64url")}`;
  }
  if (!("path" in content)) return undefined;
  try {
    const { size, mtimeMs } = statSync(content.path);
    return `file-${crypto().hash("sha256", content.path, "base64url")}-${size}-${mtimeMs}`;
  } catch {
    // The main thread says what is wrong with it.
    return undefined;
  }
}

function partIn(content: GivenFile["content"]): Uint8Array<ArrayBuffer> | undefined {
  return "bytes" in content && !isWhole(content.bytes) ? copyOfBytes(content.bytes) : undefined;
}
