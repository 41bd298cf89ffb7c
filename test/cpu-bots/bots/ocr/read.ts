/** Reads the text in page.png. tesseract.js starts a worker thread of its own, which ends with this one. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { job } from "asgigram";
import { createWorker } from "tesseract.js";

const DATA = dirname(createRequire(import.meta.url).resolve("@tesseract.js-data/eng/package.json"));
const PAGE = join(import.meta.dirname, "page.png");

const reader = await createWorker("eng", undefined, {
  langPath: join(DATA, "4.0.0_best_int"),
  cacheMethod: "none",
});

export async function read(times: number): Promise<string> {
  let text = "";
  for (let i = 0; i < times; i++) {
    ({ text } = (await reader.recognize(PAGE)).data);
    job.signal.throwIfAborted();
  }
  return text.trim();
}
