/** pdfkit computes each page without a pause. */

import { buffer } from "node:stream/consumers";
import { job } from "asgigram";
import PDFDocument from "pdfkit";

const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(60);

export async function write(pages: number): Promise<Uint8Array<ArrayBuffer>> {
  const document = new PDFDocument({ autoFirstPage: false });
  const bytes = buffer(document);
  for (let page = 1; page <= pages; page++) {
    document.addPage().fontSize(10).text(`Page ${page}. ${TEXT}`);
    // Lets the thread hear of an abort.
    await new Promise(setImmediate);
    job.signal.throwIfAborted();
  }
  document.end();
  return new Uint8Array(await bytes);
}
