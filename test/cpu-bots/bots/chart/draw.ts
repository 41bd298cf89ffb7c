/** Draws without a pause: only the end of the thread stops it. */

import { createCanvas } from "@napi-rs/canvas";

export function draw(lines: number): Uint8Array {
  const canvas = createCanvas(1200, 800);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < lines; i++) {
    context.strokeStyle = `hsl(${i % 360} 80% 50%)`;
    context.beginPath();
    context.moveTo((i * 7) % canvas.width, (i * 13) % canvas.height);
    context.lineTo((i * 11) % canvas.width, (i * 17) % canvas.height);
    context.stroke();
  }
  return new Uint8Array(canvas.toBuffer("image/png"));
}
