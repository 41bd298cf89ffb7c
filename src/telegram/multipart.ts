/**
 * A form with files as the body of a request: multipart/form-data (RFC 7578), written while it is sent. FormData is not used:
 * it takes no file of unknown length.
 */

import { randomUUID } from "node:crypto";

export interface Part {
  name: string;
  filename: string;
  content_type: string;
  /** Undefined for a stream: bytes. */
  size: number | undefined;
  read(): AsyncIterable<Uint8Array>;
}

export interface Form {
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** The most bytes written at once: progress is counted in such steps. */
const STEP = 64 * 1024;

/** @param fields strings are sent as they are, other values as JSON, as the Bot API reads a form */
export function formOf(fields: Readonly<Record<string, unknown>>, parts: readonly Part[]): Form {
  // Random, so that no file contains it.
  const boundary = `asgigram-${randomUUID()}`;
  const texts = Object.entries(fields).filter(([, value]) => value !== null);
  const start = Buffer.from(texts.map(([name, value]) => fieldOf(boundary, name, value)).join(""));
  const heads = parts.map((part) => Buffer.from(headOf(boundary, part)));
  const end = Buffer.from(`--${boundary}--\r\n`);
  const length = lengthOf([start, end, ...heads], parts);
  return {
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      ...(length === undefined ? {} : { "content-length": String(length) }),
    },
    body: written(start, heads, parts, end),
  };
}

async function* written(
  start: Buffer,
  heads: readonly Buffer[],
  parts: readonly Part[],
  end: Buffer,
): AsyncGenerator<Uint8Array> {
  yield start;
  for (const [i, part] of parts.entries()) {
    yield heads[i]!;
    for await (const bytes of part.read()) {
      for (let at = 0; at < bytes.byteLength; at += STEP) yield bytes.subarray(at, at + STEP);
    }
    yield NEW_LINE;
  }
  yield end;
}

const NEW_LINE = Buffer.from("\r\n");

function lengthOf(pieces: readonly Buffer[], parts: readonly Part[]): number | undefined {
  let length = NEW_LINE.length * parts.length;
  for (const piece of pieces) length += piece.length;
  for (const { size } of parts) {
    if (size === undefined) return undefined;
    length += size;
  }
  return length;
}

function fieldOf(boundary: string, name: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${text}\r\n`;
}

function headOf(boundary: string, { name, filename, content_type }: Part): string {
  const disposition = `form-data; name="${quoted(name)}"; filename="${quoted(filename)}"`;
  return `--${boundary}\r\ncontent-disposition: ${disposition}\r\ncontent-type: ${content_type}\r\n\r\n`;
}

/** Escaped as browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function quoted(name: string): string {
  return name.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");
}
