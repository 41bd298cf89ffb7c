/** Writes the model once a server, as a real bot would fetch it. onnxruntime reads it from a file or unshared memory. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxModel } from "../../../../bench/heavy/onnx-model.ts";

export default function prepare(): { path: string } {
  const path = join(process.env.BOT_FOLDER!, "model.onnx");
  writeFileSync(path, onnxModel({ rows: 8, width: 512, layers: 8 }));
  return { path };
}
