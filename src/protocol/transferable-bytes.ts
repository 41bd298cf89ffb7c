/** Bytes that can be posted to another thread without a copy, because their buffer has no other user. */

/**
 * Detaches the buffer of the bytes and returns the bytes in a buffer of their own, without a copy: the original buffer
 * is empty afterwards. A buffer that cannot be detached (the bytes are a part of it, or it is shared memory, or
 * WebAssembly's) stays as it is, and its bytes are copied.
 */
export function transferableBytes(bytes: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && isWhole(bytes)) {
    try {
      return new Uint8Array(buffer.transferToFixedLength());
    } catch {
      // Some buffers cannot be detached, and only the attempt shows it.
    }
  }
  return copyOfBytes(bytes);
}

export function copyOfBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

/** True if the view covers its whole buffer. */
export function isWhole({ buffer, byteLength }: ArrayBufferView): boolean {
  return byteLength === buffer.byteLength;
}

/** True if the buffer has been given to another thread already. */
export function isDetached({ buffer }: ArrayBufferView): boolean {
  return buffer instanceof ArrayBuffer && buffer.detached;
}
