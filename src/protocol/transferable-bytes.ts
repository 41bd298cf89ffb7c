/** Bytes that may be given to another thread: nobody else has a hand on them any more. */

/**
 * Takes the bytes from whoever has them, without copying: their buffer is empty afterwards. Where it cannot be taken (a part of
 * a larger buffer, shared memory, WebAssembly's) they are copied, and it stays as it is.
 */
export function ownBytes(bytes: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && isWhole(bytes)) {
    try {
      return new Uint8Array(buffer.transferToFixedLength());
    } catch {
      // Some may not be moved, and only trying tells.
    }
  }
  return copyOf(bytes);
}

export function copyOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Whether the view shows all of its buffer. */
export function isWhole({ buffer, byteLength }: ArrayBufferView): boolean {
  return byteLength === buffer.byteLength;
}

/** Whether the buffer has been given away already. */
export function isDetached({ buffer }: ArrayBufferView): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}
