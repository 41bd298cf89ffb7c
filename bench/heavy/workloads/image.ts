/** A photo of 3000 x 2000 pixels, rotated, resized, sharpened and watermarked, by sharp: its work is done in libuv's pool. */

import sharp from "sharp";

/** Drawn without text, which would need a font. */
const WATERMARK = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="80">
    <rect width="240" height="80" rx="20" fill="white" opacity="0.5"/>
    <path d="M30 60 L60 20 L90 60 M130 20 L130 60 L180 60" stroke="black" stroke-width="8" fill="none"/>
  </svg>`,
);

// The same photo again is work again.
sharp.cache(false);

export default async function render(photo: Uint8Array): Promise<Uint8Array> {
  // Unlike the memory of a Buffer from sharp, this can be moved to another thread.
  const { data } = await sharp(photo)
    .rotate(7)
    .resize(1280)
    .sharpen()
    .composite([{ input: WATERMARK, gravity: "southeast" }])
    .jpeg({ quality: 85 })
    .toUint8Array();
  return data;
}
