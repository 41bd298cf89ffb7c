/**
 * Captures the application's standard output and standard error, in whole lines, so that a report can name their
 * source. Everything that is written through `process.stdout` and `process.stderr` is captured, `console` included.
 */

import { StringDecoder } from "node:string_decoder";

type Stream = "stdout" | "stderr";

/** @returns a function that reports the last line if it has no end yet */
export function captureOutput(report: (stream: Stream, text: string) => void): () => void {
  const rests = [capture("stdout", report), capture("stderr", report)];
  return () => {
    for (const rest of rests) rest();
  };
}

function capture(stream: Stream, report: (stream: Stream, text: string) => void): () => void {
  const decoder = new StringDecoder("utf8");
  let unfinished = "";
  process[stream].write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    unfinished += typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    const end = unfinished.lastIndexOf("\n");
    if (end >= 0) {
      // A write is one report, however many lines it has: a printed object stays together.
      report(stream, unfinished.slice(0, end));
      unfinished = unfinished.slice(end + 1);
    }
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") queueMicrotask(done as () => void);
    return true;
  }) as typeof process.stdout.write;
  return () => {
    if (unfinished !== "") report(stream, unfinished);
    unfinished = "";
  };
}
