/** A file in the parameters of a call, as a bot library has it: bytes, a path or a stream, with a name. */

export class RawFile {
  /** @param content as in an outgoing event: one of `bytes`, `path` and `stream`, and `filename` */
  constructor(
    content: ({ bytes: Uint8Array } | { path: string } | { stream: AsyncIterable<unknown> }) & { filename: string },
  ) {
    Object.assign(this, content);
  }
}
