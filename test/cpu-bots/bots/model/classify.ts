/** `run()` of onnxruntime returns a promise, but blocks its thread until it is done. */

import { job } from "asgigram";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { onnxModel } from "../../../../bench/heavy/onnx-model.ts";

// A real bot has its model in a file.
const model = onnxModel({ rows: 8, width: 512, layers: 8 });
const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
const input = new Tensor("float32", Float32Array.from({ length: 8 * 512 }, Math.sin), [8, 512]);

export async function warmUp(): Promise<void> {
  await session.run({ input });
}

export async function classify(times: number): Promise<number> {
  let scores = new Float32Array();
  for (let i = 0; i < times; i++) {
    const { output } = await session.run({ input });
    scores = output!.data as Float32Array<ArrayBuffer>;
    job.signal.throwIfAborted();
  }
  return scores.indexOf(Math.max(...scores));
}
