/** The streams and temporary files among a call's files, while the call waits and when it is over. */

import { rm } from "node:fs/promises";
import type { Upload, UploadStream } from "../protocol/port.ts";

/** Marks streams that end before they are read: a port emits `close` only once, and reading would wait for ever. */
export function watchStreams(files: readonly Upload[]): void {
  for (const stream of streamsIn(files)) {
    stream.port.once("close", () => {
      stream.isLost = true;
    });
  }
}

/** The call is over: closes streams that will not be read any more, and removes temporary files. */
export function releaseFiles(files: readonly Upload[]): void {
  for (const { port } of streamsIn(files)) port.close();
  for (const { source } of files) if ("path" in source && source.isTemporary) void rm(source.path, { force: true });
}

function streamsIn(files: readonly Upload[]): UploadStream[] {
  return files.map(({ source }) => source).filter((source) => "port" in source);
}
