/** The size of a picture, read from the header of its file: of the formats that Telegram takes as photos. */

export interface ImageSize {
  /** Pixels. */
  width: number;
  height: number;
  type: "image/png" | "image/jpeg" | "image/webp" | "image/gif" | "image/bmp";
}

/** Undefined for any other file, and for one that ends before its size. */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const read of [readPng, readJpeg, readWebp, readGif, readBmp]) {
    const size = read(file);
    if (size !== undefined && size.width > 0 && size.height > 0) return size;
  }
  return undefined;
}

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** https://www.w3.org/TR/png/#11IHDR */
function readPng(file: Buffer): ImageSize | undefined {
  if (file.length < 24 || !file.subarray(0, 8).equals(PNG) || textAt(file, 12) !== "IHDR") return undefined;
  return { width: file.readUInt32BE(16), height: file.readUInt32BE(20), type: "image/png" };
}

/** The segments up to the first frame: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B. */
function readJpeg(file: Buffer): ImageSize | undefined {
  if (file.length < 2 || file.readUInt16BE(0) !== 0xffd8) return undefined;
  let at = 2;
  while (at + 9 <= file.length) {
    if (file[at] !== 0xff) return undefined;
    const marker = file[at + 1]!;
    if (isFrame(marker)) {
      return { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5), type: "image/jpeg" };
    }
    // Bytes of 0xff may fill the space before a marker; markers without a segment do not come before the frame.
    at += marker === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return undefined;
}

/** SOF0 to SOF15. DHT, JPG and DAC are among their numbers. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** https://developers.google.com/speed/webp/docs/riff_container */
function readWebp(file: Buffer): ImageSize | undefined {
  if (file.length < 30 || textAt(file, 0) !== "RIFF" || textAt(file, 8) !== "WEBP") return undefined;
  const type = "image/webp";
  switch (textAt(file, 12)) {
    case "VP8 ":
      return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff, type };
    case "VP8L": {
      const bits = file.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, type };
    }
    case "VP8X":
      return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1, type };
    default:
      return undefined;
  }
}

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt, 18 */
function readGif(file: Buffer): ImageSize | undefined {
  if (file.length < 10 || !["GIF87a", "GIF89a"].includes(file.toString("latin1", 0, 6))) return undefined;
  return { width: file.readUInt16LE(6), height: file.readUInt16LE(8), type: "image/gif" };
}

/** https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader. The height of a picture that begins at its top is negative. */
function readBmp(file: Buffer): ImageSize | undefined {
  if (file.length < 26 || file.toString("latin1", 0, 2) !== "BM") return undefined;
  return { width: file.readInt32LE(18), height: Math.abs(file.readInt32LE(22)), type: "image/bmp" };
}

const textAt = (file: Buffer, at: number) => file.toString("latin1", at, at + 4);
