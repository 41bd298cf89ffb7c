/** Standard error as a stream whose writes never wait for its reader. */

import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

const STDERR = 2;

let stream: Writable | undefined;

/** One stream per process, so that its lines stay in order. What cannot be written at once waits in the stream. */
export function standardError(): Writable {
  if (stream === undefined) {
    stream = ownPipe() ?? process.stderr;
    // A reader that has gone, or a full disk, ends no server.
    stream.on("error", () => {});
  }
  return stream;
}

/**
 * The pipe, opened once more. Whether writes wait is a property of an open file, and a child process that inherits standard error
 * shares that and turns waiting on.
 */
function ownPipe(): Socket | undefined {
  try {
    if (!fstatSync(STDERR).isFIFO()) return undefined;
    const fd = openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: false });
  } catch {
    // Not Linux, or not allowed.
    return undefined;
  }
}
