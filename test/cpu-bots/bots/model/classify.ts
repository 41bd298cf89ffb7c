/** `run()` of onnxruntime returns a promise, but blocks its thread until it is done. */

import { job, shared } from "asgigram";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { path } = await shared<typeof import("./weights.ts")>(new URL("./weights.ts", import.meta.url));
const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
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
