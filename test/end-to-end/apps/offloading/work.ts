import { job } from "../../../../src/index.ts";

/** Blocks its thread until the first number of the memory is set. */
export function* block(memory: SharedArrayBuffer): Generator<string> {
  yield "running";
  Atomics.wait(new Int32Array(memory), 0, 0);
  yield "done";
}

/** Runs until its job is aborted. */
export async function* hold(): AsyncGenerator<string> {
  yield "running";
  const { signal } = job;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

export async function crash(): Promise<void> {
  process.exit(7);
}
