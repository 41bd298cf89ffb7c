/** The streams among a call's files, while the call waits and when it is over. */

import type { Upload, UploadStream } from "../protocol/port.ts";

/** Marks streams that end before they are read: a port emits `close` only once, and reading would wait for ever. */
export function watchStreams(files: readonly Upload[]): void {
  for (const stream of streamsIn(files)) {
    stream.port.once("close", () => {
      stream.isLost = true;
    });
  }
}

/** Closes streams that will not be read any more. */
export function closeStreams(files: readonly Upload[]): void {
  for (const { port } of streamsIn(files)) port.close();
}

function streamsIn(files: readonly Upload[]): UploadStream[] {
  return files.map(({ source }) => source).filter((source) => "port" in source);
}
