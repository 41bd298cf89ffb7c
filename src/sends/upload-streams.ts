/** The streams among a call's files, while the call waits and when it is over. */

import type { Upload, UploadStream } from "../protocol/port.ts";

/** Notes which streams end while the call waits: a port tells of its close only once. */
export function watchStreams(files: readonly Upload[]): void {
  for (const stream of streamsIn(files)) {
    stream.port.once("close", () => {
      stream.isLost = true;
    });
  }
}

/** Closes the streams of a call that is over. */
export function closeStreams(files: readonly Upload[]): void {
  for (const { port } of streamsIn(files)) port.close();
}

function streamsIn(files: readonly Upload[]): UploadStream[] {
  return files.map(({ source }) => source).filter((source) => "port" in source);
}
