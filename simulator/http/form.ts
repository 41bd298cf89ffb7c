/**
 * Reads a form with files (multipart/form-data, RFC 7578), as bot libraries write it and Telegram takes it: a name need not be in quotes,
 * and is UTF-8 without any escape.
 */

import { badRequest } from "../api/refusal.ts";

export interface FormPart {
  readonly name: string;
  /** Undefined for a text. */
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly content: Buffer;
}

const HEADER_END = "\r\n\r\n";
const BOUNDARY = /boundary=(?:"([^"]+)"|([^\s;]+))/i;

/**
 * @param type the form's media type, with its boundary
 * @throws Refusal (400)
 */
export function partsOf(body: Buffer, type: string): FormPart[] {
  const boundary = BOUNDARY.exec(type)?.slice(1).find(Boolean);
  if (boundary === undefined) throw malformed("the form has no boundary");
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const find = (mark: Buffer | string, from: number) => {
    const at = body.indexOf(mark, from);
    if (at === -1) throw malformed("the form breaks off");
    return at;
  };
  const parts: FormPart[] = [];
  // The first delimiter may have no line before it.
  let at = find(delimiter.subarray(2), 0) + delimiter.length - 2;
  while (body.toString("latin1", at, at + 2) !== "--") {
    const start = find(HEADER_END, at) + HEADER_END.length;
    const end = find(delimiter, start);
    parts.push({ ...described(body.toString("utf8", at, start)), content: body.subarray(start, end) });
    at = end + delimiter.length;
  }
  return parts;
}

const DISPOSITION = /^content-disposition:\s*form-data\s*(;.*)$/im;
const TYPE = /^content-type:\s*(.+?)\s*$/im;
/** Libraries do not escape quotes inside of quotes, so those at the end of a value count. */
const FIELD = /;\s*(name|filename)\s*=\s*(?:"(.*?)"(?=\s*(?:;|$))|([^;]*))/gi;

function described(header: string): Omit<FormPart, "content"> {
  const fields = new Map<string, string>();
  for (const [, key, quoted, bare] of (DISPOSITION.exec(header)?.[1] ?? "").matchAll(FIELD)) {
    // The first counts: a file's name may look like another field.
    if (!fields.has(key!.toLowerCase())) fields.set(key!.toLowerCase(), quoted ?? bare!.trim());
  }
  const name = fields.get("name");
  if (name === undefined || name === "") throw malformed("a part of the form has no name");
  return { name, filename: fields.get("filename"), type: TYPE.exec(header)?.[1] };
}

const malformed = (what: string) => badRequest(`can't parse multipart form: ${what}`);
