/** A photo of 3000 x 2000 pixels, rotated, resized, sharpened and watermarked. */

import { job } from "asgigram";
import sharp from "sharp";

const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
const photo = await sharp({ create: { width: 600, height: 400, channels: 3, background: "black", noise } })
  .resize(3000)
  .jpeg()
  .toBuffer();
const WATERMARK = Buffer.from('<svg width="90" height="30"><rect width="90" height="30" fill="white"/></svg>');

export async function warmUp(): Promise<void> {
  await once();
}

export async function render(times: number): Promise<Uint8Array<ArrayBuffer>> {
  for (let i = 1; i < times; i++) {
    await once();
    job.signal.throwIfAborted();
  }
  return await once();
}

async function once(): Promise<Uint8Array<ArrayBuffer>> {
  // A Buffer of sharp cannot be moved to another thread; this can.
  const { data } = await sharp(photo)
    .rotate(7)
    .resize(1280)
    .sharpen()
    .composite([{ input: WATERMARK, gravity: "southeast" }])
    .jpeg()
    .toUint8Array();
  return data as Uint8Array<ArrayBuffer>;
}
