/** The beginning of a PNG of that size: all that the simulator reads of a photo. */
export function pngHeader(width: number, height: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.from("\x89PNG\r\n\x1a\n____IHDR________", "latin1");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return new Uint8Array(header);
}
