/** The class of an input, by onnxruntime and a generated model. `run()` returns a promise, but blocks its thread. */

import { InferenceSession, Tensor } from "onnxruntime-node";
import { MODEL, MODEL_SHAPE } from "../generated.ts";

// One thread a session: the peers run two sessions at once on two cores.
const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1, interOpNumThreads: 1 });

export default async function classify(input: Float32Array): Promise<string> {
  const { output } = await session.run({ input: new Tensor("float32", input, MODEL_SHAPE) });
  const scores = output!.data as Float32Array;
  const best = scores.reduce((found, score, i) => (score > scores[found]! ? i : found), 0);
  return `class ${best}`;
}
