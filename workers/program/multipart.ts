/** Reads a form with files, as a bot library writes it. */

import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import type { RawParameters } from "./raw-call.ts";
import type { Spool } from "./spool.ts";

/** The program is trusted: nothing of its form is cut off. */
const LIMITS = { fieldNameSize: Number.POSITIVE_INFINITY, fieldSize: Number.POSITIVE_INFINITY };

/**
 * @param type the form's media type, with its boundary
 * @throws an error of the stream, of the form, or of the disk
 */
export async function readMultipart(body: Readable, type: string, spool: Spool): Promise<RawParameters> {
  const parameters: RawParameters = {};
  const open = new Set<BusboyFileStream>();
  const files: Promise<void>[] = [];
  const form = new Busboy({ headers: { "content-type": type }, limits: LIMITS });
  form.on("field", (name, value) => {
    parameters[name] = value;
  });
  form.on("file", (name, stream, filename, _encoding, mediaType) => {
    // Keeps the place of the file among the parameters.
    parameters[name] = undefined;
    open.add(stream);
    const file = spool.take(stream, filename, mediaType).then((taken) => {
      open.delete(stream);
      parameters[name] = taken;
    });
    // The rest of the form would wait for the reader of this file.
    file.catch((error) => form.destroy(error));
    files.push(file);
  });
  try {
    await pipeline(body, form);
    await Promise.all(files);
  } catch (error) {
    for (const stream of open) stream.destroy(error as Error);
    await Promise.allSettled(files);
    throw error;
  }
  return parameters;
}
