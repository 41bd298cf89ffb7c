/**
 * Takes what the application writes to standard output and standard error, whole lines at a time, so that it can be marked
 * with where it came from. Everything that writes through `process.stdout` and `process.stderr` is caught, `console` too.
 */

import { StringDecoder } from "node:string_decoder";

type Stream = "stdout" | "stderr";

/** @returns what hands over the rest, of which the line has no end yet */
export function captureOutput(take: (stream: Stream, text: string) => void): () => void {
  const rests = [capture("stdout", take), capture("stderr", take)];
  return () => {
    for (const rest of rests) rest();
  };
}

function capture(stream: Stream, take: (stream: Stream, text: string) => void): () => void {
  const decoder = new StringDecoder("utf8");
  let unfinished = "";
  process[stream].write = ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
    unfinished += typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    const end = unfinished.lastIndexOf("\n");
    if (end >= 0) {
      // One write is one piece of output, however many lines it has: a printed object stays together.
      take(stream, unfinished.slice(0, end));
      unfinished = unfinished.slice(end + 1);
    }
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") queueMicrotask(done as () => void);
    return true;
  }) as typeof process.stdout.write;
  return () => {
    if (unfinished !== "") take(stream, unfinished);
    unfinished = "";
  };
}
