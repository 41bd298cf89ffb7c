/**
 * The files of one event: where each is found, what stands in its place in the call's body, and how it leaves this thread.
 * Nothing is taken from the application before the whole event has been found to be in order.
 */

import { randomUUID } from "node:crypto";
import type { Upload, UploadSource } from "../src/protocol/port.ts";
import { copyOfBytes, isWhole, transferableBytes } from "../src/protocol/transferable-bytes.ts";
import { fileIn, type GivenFile } from "./input-file.ts";
import type { Streams } from "./streams.ts";

interface Attachment extends GivenFile {
  /** The application's own object: the same one in two places is one file. */
  value: object;
  name: string;
  key: string;
}

/** Nobody can guess what a file is called in a body, so nothing that a user has written is taken for one. */
const PREFIX = randomUUID().slice(0, 8);
let last = 0;

export class Attachments {
  #found: Attachment[] | undefined;

  /** Where the first file stands in the event; undefined if there are none. */
  get first(): string | undefined {
    return this.#found?.[0]?.key;
  }

  /**
   * @param key where the value stands in the event
   * @returns what goes into the body in its place; undefined for what is no file
   * @throws InvalidEventError for a file that cannot be sent
   */
  standIn(value: object, key: string): string | undefined {
    const known = this.#found?.find((attachment) => attachment.value === value);
    if (known !== undefined) return `attach://${known.name}`;
    const file = fileIn(value, key);
    if (file === undefined) return undefined;
    const name = `file-${PREFIX}-${++last}`;
    this.#found ??= [];
    this.#found.push({ ...file, value, name, key });
    return `attach://${name}`;
  }

  /** The files, ready to be handed over: bytes are the application's no more, and streams wait to be read. */
  take(streams: Streams): Upload[] {
    const found = this.#found ?? [];
    // Parts of buffers are copied before any buffer is taken: it may be the same one.
    const parts = new Map(found.map(({ content }) => [content, partIn(content)]));
    const wholes = new Map<ArrayBufferLike, Uint8Array<ArrayBuffer>>();
    const bytesOf = (bytes: ArrayBufferView) => {
      const { buffer } = bytes;
      const owned = wholes.get(buffer) ?? transferableBytes(bytes);
      wholes.set(buffer, owned);
      return owned;
    };
    const sourceOf = (content: GivenFile["content"]): UploadSource => {
      if ("path" in content) return content;
      if ("stream" in content) return { port: streams.up(content.stream) };
      // Not the Blob itself: one that stands for a file on disk, or has a name, cannot go to another thread; its slice can.
      if ("blob" in content) return { blob: content.blob.slice(0, content.blob.size, content.blob.type) };
      return { bytes: parts.get(content) ?? bytesOf(content.bytes) };
    };
    return found.map(({ name, key, filename, content_type, content }) => {
      return { name, key, filename, content_type, source: sourceOf(content) };
    });
  }
}

function partIn(content: GivenFile["content"]): Uint8Array<ArrayBuffer> | undefined {
  return "bytes" in content && !isWhole(content.bytes) ? copyOfBytes(content.bytes) : undefined;
}
