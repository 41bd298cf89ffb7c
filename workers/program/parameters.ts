/** Reads the parameters of a request in each form that the Bot API takes: https://core.telegram.org/bots/api#making-requests */

import { bytesOf, MalformedBody } from "../../src/protocol/form-parts.ts";
import { readMultipart } from "./multipart.ts";
import type { RawParameters } from "./raw-call.ts";
import type { Spool } from "./spool.ts";

export interface RequestParts {
  /** A URL, or its path. */
  url: string;
  /** The media type of the body. */
  type: string | undefined;
  body: AsyncIterable<Uint8Array> | undefined;
}

/** @throws an error of the stream, of the disk, or a MalformedBody */
export async function readParameters({ url, type = "", body }: RequestParts, spool: Spool): Promise<RawParameters> {
  const query = queryOf(url);
  if (body === undefined) return query;
  if (/^multipart\/form-data/i.test(type)) return { ...query, ...(await readMultipart(body, type, spool)) };
  return { ...query, ...parse(`${await bytesOf(body)}`) };
}

/** @returns the parameters that the URL itself has */
export function queryOf(url: string): RawParameters {
  const start = url.indexOf("?");
  return start === -1 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start)));
}

/** The two forms cannot be mistaken for each other, and some clients name neither. */
function parse(body: string): RawParameters {
  return /^\s*\{/.test(body) ? parseJson(body) : Object.fromEntries(new URLSearchParams(body));
}

/** @throws MalformedBody */
export function parseJson(body: string): RawParameters {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new MalformedBody(`can't parse JSON: ${(error as Error).message}`);
  }
}
