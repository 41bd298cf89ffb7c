import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { job } from "../../../../src/index.ts";

export async function* pages(): AsyncGenerator<string> {
  for (let page = 1; ; page++) yield `page ${page}`;
}

/** Lasts until the folder has a file \`go\`, also if it is told to stop, and notes what it hears in its file \`notes\`. */
export async function wait(folder: string): Promise<string> {
  const note = (text: string) => appendFileSync(join(folder, "notes"), `${text}\n`);
  job.signal.addEventListener("abort", () => note("is told"));
  note("begins");
  while (!existsSync(join(folder, "go"))) await setTimeout(20);
  return "done";
}
