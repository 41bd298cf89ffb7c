/** A picture that takes its time: the Mandelbrot set as a PNG file. */

import { crc32, deflateSync } from "node:zlib";

const [WIDTH, HEIGHT] = [480, 320];

/** @param depth more of it makes a finer picture, and takes longer */
export function fractal(depth: number): Uint8Array<ArrayBuffer> {
  // Each row begins with the number of its filter: none.
  const rows = Buffer.alloc(HEIGHT * (WIDTH + 1));
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) rows[y * (WIDTH + 1) + x + 1] = shade(x, y, depth);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header[8] = 8; // bits of grey
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return new Uint8Array(
    Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]),
  );
}

function shade(x: number, y: number, depth: number): number {
  const [re, im] = [(3 * x) / WIDTH - 2.2, (2 * y) / HEIGHT - 1];
  let [a, b, step] = [0, 0, 0];
  for (; step < depth && a * a + b * b < 4; step++) [a, b] = [a * a - b * b + re, 2 * a * b + im];
  return Math.round(255 * (1 - step / depth));
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, check]);
}
