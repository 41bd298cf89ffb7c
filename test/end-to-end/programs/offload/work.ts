import { job } from "../../../../src/index.ts";

/** Holds the first attempt until its job is aborted. */
export async function render(name: string, attempt: number, words: string[]): Promise<string> {
  const { signal } = job;
  if (attempt === 1) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  return `${name}: ${words.join(" ")}, in attempt ${attempt}`;
}
