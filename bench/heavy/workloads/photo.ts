/** A photo for image.ts. */

import sharp from "sharp";

/** No plain area, as no photo is: noise. */
export async function photo(): Promise<Buffer> {
  const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
  return await sharp({ create: { width: 3000, height: 2000, channels: 3, background: "black", noise } })
    .blur(1.5)
    .jpeg({ quality: 90 })
    .toBuffer();
}
