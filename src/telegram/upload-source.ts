/** One file to upload, from any source: opened, measured, read, closed. */

import { open, stat } from "node:fs/promises";
import { ByteReceiver } from "../protocol/byte-channel.ts";
import type { UploadSource } from "../protocol/port.ts";

export interface OpenFile {
  /** In bytes; undefined for a stream. */
  size: number | undefined;
  read(): AsyncIterable<Uint8Array>;
  /** Ends the reading, too. */
  close(): Promise<void>;
}

/** Bytes read at once. */
const CHUNK = 64 * 1024;

/** @throws an error if the file cannot be opened */
export async function openSource(source: UploadSource): Promise<OpenFile> {
  if ("path" in source) return await openPath(source.path);
  if ("port" in source) {
    let receiver: ByteReceiver | undefined;
    const read = () => {
      if (source.isLost) throw new Error("the stream ended before it was read");
      source.isSpent = true;
      receiver = new ByteReceiver(source.port);
      return chunksFrom(receiver);
    };
    // A stream that has not been read stays open for the next attempt.
    return { size: undefined, read, close: async () => receiver?.close() };
  }
  if ("blob" in source) return { size: source.blob.size, read: () => source.blob.stream(), close: async () => {} };
  return { size: source.bytes.byteLength, read: () => single(source.bytes), close: async () => {} };
}

async function openPath(path: string): Promise<OpenFile> {
  // First, because opening a pipe would wait for its writer.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  const handle = await open(path);
  const { size } = await handle.stat();
  async function* read(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; ) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  return { size, read, close: () => handle.close() };
}

async function* chunksFrom(receiver: ByteReceiver): AsyncGenerator<Uint8Array> {
  for (let bytes = await receiver.next(); bytes !== undefined; bytes = await receiver.next()) yield bytes;
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
