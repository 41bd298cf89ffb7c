/** The bytes of one file on its way up, wherever they come from: opened, measured, read, closed. */

import { open, stat } from "node:fs/promises";
import { ByteReceiver } from "../protocol/byte-channel.ts";
import type { UploadSource } from "../protocol/port.ts";

export interface OpenFile {
  /** Undefined for a stream. */
  size: number | undefined;
  read(): AsyncIterable<Uint8Array>;
  /** Ends the reading as well. */
  close(): Promise<void>;
}

/** How much is read at once. */
const CHUNK = 64 * 1024;

/** @throws what kept the file from being opened */
export async function openSource(source: UploadSource): Promise<OpenFile> {
  if ("path" in source) return await openPath(source.path);
  if ("port" in source) {
    let receiver: ByteReceiver | undefined;
    const read = () => {
      if (source.isLost) throw new Error("it broke off before it was read");
      source.isSpent = true;
      receiver = new ByteReceiver(source.port);
      return chunksFrom(receiver);
    };
    // One that has not been read yet stays for the next attempt.
    return { size: undefined, read, close: async () => receiver?.close() };
  }
  if ("blob" in source) return { size: source.blob.size, read: () => source.blob.stream(), close };
  return { size: source.bytes.byteLength, read: () => once(source.bytes), close };
}

async function openPath(path: string): Promise<OpenFile> {
  // Asked first: opening a pipe would wait for whoever writes to it.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`);
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function close(): Promise<void> {}
