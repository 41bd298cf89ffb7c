/** The streams among a call's files, while the call waits in line and when it is over. */

import type { Upload, UploadStream } from "../protocol/port.ts";

/** One that ended in the meantime would be waited for when its turn comes: a port tells only once that it has closed. */
export function watchStreams(files: readonly Upload[]): void {
  for (const stream of streamsIn(files)) {
    stream.port.once("close", () => {
      stream.isLost = true;
    });
  }
}

/** Lets go of what nobody will read any more. */
export function closeStreams(files: readonly Upload[]): void {
  for (const { port } of streamsIn(files)) port.close();
}

function streamsIn(files: readonly Upload[]): UploadStream[] {
  return files.map(({ source }) => source).filter((source) => "port" in source);
}
