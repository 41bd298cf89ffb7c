/**
 * A file in an outgoing event: bytes, a Blob, a path, a `file:` URL or a stream, bare or in an object with a name and a
 * type.
 */

import { basename, resolve } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { InvalidEventError } from "../src/protocol/errors.ts";
import { isDetached } from "../src/protocol/transferable-bytes.ts";
import { kindOfValue } from "./kind-of-value.ts";

/** A file from the application, checked but not yet read or moved. */
export interface GivenFile {
  filename: string | undefined;
  content_type: string | undefined;
  content:
    | { bytes: ArrayBufferView }
    | { blob: Blob }
    | { path: string; isTemporary?: true }
    | { stream: Readable | AnyStream };
  /** Equal for equal files, where that is known already. */
  fingerprint?: string;
}

/** A file from the server's own code: it needs no check. */
export class ReadyFile {
  readonly given: GivenFile;

  constructor(given: GivenFile) {
    this.given = given;
  }
}

type AnyStream = ReadableStream | AsyncIterable<unknown>;

/** Keys that mark a plain object as a file. */
const CONTENTS = ["path", "bytes", "stream"] as const;
/** Further keys of such an object. */
const DETAILS = ["filename", "content_type"];

/**
 * @param key path of the value in the event
 * @returns undefined if the value is no file
 * @throws InvalidEventError for a file that cannot be sent
 */
export function fileIn(value: object, key: string): GivenFile | undefined {
  if (value instanceof ReadyFile) return value.given;
  const bare = isOrdinary(value) ? undefined : bareFile(value, key);
  if (bare !== undefined) return bare;
  const named = value as Record<string, unknown>;
  const kind = CONTENTS.find((content) => named[content] !== undefined);
  if (kind === undefined) return undefined;
  const odd = Object.keys(value).find((name) => name !== kind && !DETAILS.includes(name));
  if (odd !== undefined) {
    throw refused(
      key,
      `has the unknown key "${odd}"; a file has "${kind}", and may have "filename" and "content_type"`,
    );
  }
  const content = contentOf(kind, named[kind], key);
  if (content === undefined) throw refused(`${key}.${kind}`, `is ${kindOfValue(named[kind])}, not ${EXPECTED[kind]}`);
  return {
    content: content.content,
    filename: textIn(named.filename, `${key}.filename`) ?? content.filename,
    content_type: typeIn(named.content_type, `${key}.content_type`) ?? content.content_type,
  };
}

const EXPECTED = {
  path: "a path or a file: URL",
  bytes: "a Uint8Array, an ArrayBuffer or a Blob",
  stream: "a stream or an async iterable of bytes",
};

function contentOf(kind: (typeof CONTENTS)[number], given: unknown, key: string): GivenFile | undefined {
  if (kind === "path" && typeof given === "string") return atPath(given, key);
  const bare = typeof given === "object" && given !== null ? bareFile(given, key) : undefined;
  if (bare === undefined) return undefined;
  const isOfKind = kind === "bytes" ? "bytes" in bare.content || "blob" in bare.content : kind in bare.content;
  return isOfKind ? bare : undefined;
}

/** True for a plain object. Most objects are plain, and this check is fast. */
function isOrdinary(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype && !(Symbol.asyncIterator in value);
}

/** A file without an object around it. */
function bareFile(value: object, key: string): GivenFile | undefined {
  if (ArrayBuffer.isView(value)) return inMemory(value, key);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return inMemory(new DataView(value), key);
  if (value instanceof Blob) {
    const { name } = value as { name?: string };
    return { content: { blob: value }, filename: name || undefined, content_type: typeIn(value.type, key) };
  }
  if (value instanceof URL && value.protocol === "file:") return atUrl(value, key);
  if (value instanceof ReadableStream || Symbol.asyncIterator in value) return streaming(value as AnyStream, key);
  return undefined;
}

function inMemory(bytes: ArrayBufferView, key: string): GivenFile {
  if (isDetached(bytes)) {
    throw refused(
      key,
      "has been sent before, so its buffer is empty; to send the same bytes several times, pass a Blob",
    );
  }
  return { content: { bytes }, filename: undefined, content_type: undefined };
}

function atUrl(url: URL, key: string): GivenFile {
  try {
    return atPath(fileURLToPath(url), key);
  } catch (cause) {
    throw refused(key, `is the URL ${url}, which names no file: ${(cause as Error).message}`);
  }
}

function atPath(path: string, key: string): GivenFile {
  if (path === "" || path.includes("\0"))
    throw refused(key, `has the path ${JSON.stringify(path)}, which names no file`);
  return { content: { path: resolve(path) }, filename: basename(path), content_type: undefined };
}

function streaming(stream: AnyStream, key: string): GivenFile {
  const { path } = stream as { path?: unknown };
  if (isSpent(stream)) throw refused(key, "is a stream that has been read already");
  const filename = stream instanceof Readable && typeof path === "string" ? basename(path) : undefined;
  return { content: { stream }, filename, content_type: undefined };
}

function isSpent(stream: AnyStream): boolean {
  if (stream instanceof ReadableStream) return stream.locked;
  return stream instanceof Readable && (stream.destroyed || stream.readableEnded);
}

function textIn(value: unknown, key: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  throw refused(key, `is ${kindOfValue(value)}, not a name`);
}

/** The media type becomes a header, so it must be printable ASCII. */
function typeIn(value: unknown, key: string): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string" && /^[\x20-\x7e]+$/.test(value)) return value;
  throw refused(key, `is ${kindOfValue(value)}, not a media type such as "image/png"`);
}

function refused(key: string, what: string): InvalidEventError {
  return new InvalidEventError(`"${key}" ${what}`, key);
}
