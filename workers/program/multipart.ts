/** Reads a form with files, as a bot library writes it. */

import { bytesOf, partsOf } from "../../src/protocol/form-parts.ts";
import type { RawParameters } from "./raw-call.ts";
import type { Spool } from "./spool.ts";

/**
 * @param type the form's media type, with its boundary
 * @throws an error of the stream or of the disk, or a MalformedBody
 */
export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  type: string,
  spool: Spool,
): Promise<RawParameters> {
  const parameters: RawParameters = {};
  for await (const { name, filename, type: media, content } of partsOf(body, type)) {
    parameters[name] =
      filename === undefined ? `${await bytesOf(content)}` : await spool.take(content, filename, media);
  }
  return parameters;
}
