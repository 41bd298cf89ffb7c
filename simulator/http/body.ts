/** Reads a request's body, up to a limit, and the parameters of a call as the real server does: from the query string, and from the body. */

import type { IncomingMessage } from "node:http";
import { badRequest, Refusal } from "../api/refusal.ts";
import type { RawParameters } from "../api/validation.ts";
import type { UploadedFile } from "../state/files.ts";
import { partsOf } from "./form.ts";

/** A body is longer than allowed. The rest of it is not read. */
export class BodyTooLong extends Refusal {
  constructor(limit: number) {
    super(413, `Request Entity Too Large: the limit is ${limit / 2 ** 20} MB`);
  }
}

/**
 * @param limit bytes
 * @throws BodyTooLong, or the error of a connection that breaks off
 */
export async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const { "content-length": length = "0", "transfer-encoding": coding } = incoming.headers;
  if (Number(length) > limit) throw new BodyTooLong(limit);
  if (length === "0" && coding === undefined) return Buffer.alloc(0);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let read = 0;
  incoming.on("data", (chunk: Buffer) => {
    read += chunk.length;
    if (read <= limit) chunks.push(chunk);
    else reject(new BodyTooLong(limit));
  });
  incoming.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  incoming.once("error", reject);
  return await promise;
}

/**
 * https://core.telegram.org/bots/api#making-requests
 * @param type the media type of the body
 * @throws Refusal (400) if the body does not match its type
 */
export function readParameters(url: string, body: Buffer, type = ""): RawParameters {
  const question = url.indexOf("?");
  const query = question < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(question + 1)));
  return body.length === 0 ? query : { ...query, ...parametersIn(body, type) };
}

function parametersIn(body: Buffer, type: string): RawParameters {
  const kind = type.toLowerCase();
  if (kind.startsWith("multipart/form-data")) return readForm(body, type);
  if (kind.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(`${body}`));
  if (kind.startsWith("application/json")) return readJson(`${body}`);
  return {};
}

function readJson(text: string): RawParameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw badRequest(`can't parse JSON encoded body: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw badRequest("can't parse JSON encoded body: object expected");
  }
  return parsed as RawParameters;
}

function readForm(body: Buffer, mediaType: string): RawParameters {
  const values: Record<string, string | UploadedFile> = {};
  for (const { name, filename, type = "application/octet-stream", content } of partsOf(body, mediaType)) {
    values[name] = filename === undefined ? `${content}` : { name: filename, type, bytes: new Uint8Array(content) };
  }
  return values;
}
