/**
 * Converts parameters from HTTP, where each may be a string, to their own types, and refuses missing or malformed ones
 * in Telegram's words. Stricter than Telegram in one respect: Telegram reads a malformed number as 0, here it is
 * refused.
 */

import type { FieldSchema, MethodSchema } from "../schemas.ts";
import type { UploadedFile } from "../state/files.ts";
import { openPath } from "./local-server.ts";
import { refusalOfMissing } from "./missing.ts";
import { badRequest } from "./refusal.ts";

/** A request's parameters by name, including the files of a multipart request. */
export type RawParameters = Readonly<Record<string, unknown>>;

/** @param isLocal true if a file may be a path on this machine @throws Refusal (400) */
export function validate(schema: MethodSchema, raw: RawParameters, isLocal = false): Record<string, unknown> {
  const fileAt = fileReader(raw, isLocal);
  const values: Record<string, unknown> = {};
  for (const field of schema.parameters) {
    const given = raw[field.name];
    if (given !== undefined && given !== null && given !== "") values[field.name] = coerce(field, given, fileAt);
    else if (field.required) {
      const refusal = refusalOfMissing(schema.name, field);
      if (refusal !== undefined) throw refusal;
    }
  }
  return values;
}

function coerce({ name, type }: FieldSchema, given: unknown, fileAt: FileReader): unknown {
  switch (type) {
    case "string":
      return typeof given === "object" ? JSON.stringify(given) : String(given);
    case "number":
      return asNumber(name, given);
    case "boolean":
      return isTrue(given);
    case "id":
      return asId(name, given);
    case "file":
      return typeof given === "object" ? given : fileAt(String(given), name);
    case "array":
      return withUploads(asArray(name, given), fileAt);
    default:
      return withUploads(asObject(name, given), fileAt);
  }
}

/** `true`, or one of the texts that mean it. */
export const isTrue = (given: unknown): boolean =>
  typeof given === "boolean" ? given : TRUE.has(String(given).trim().toLowerCase());

const TRUE: ReadonlySet<string> = new Set(["true", "yes", "1"]);

function asNumber(name: string, given: unknown): number {
  const number = typeof given === "string" ? Number(given) : given;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  // No message has the number 0: the refusal says for what it was wanted.
  if (name === "message_id") return 0;
  if (name === "user_id") throw badRequest("Invalid user_id specified");
  throw badRequest(`Can't parse ${words(name)} as a Number`);
}

/** `123`, `"-100123"` or `"@username"`. No chat has the id 0, which any other text of a chat becomes. */
function asId(name: string, given: unknown): number | string {
  if (typeof given === "string" && given.startsWith("@")) return given;
  const number = typeof given === "string" ? Number(given) : given;
  if (Number.isSafeInteger(number)) return number as number;
  if (name.includes("chat")) return 0;
  throw badRequest(`Invalid ${name} specified`);
}

/** Finds the file that a text in a parameter refers to. A file_id or a URL stays what it is. */
type FileReader = (text: string, name: string) => string | UploadedFile;

/** `attach://name` refers to an upload of the call; a local server opens `file:///path`. */
function fileReader(raw: RawParameters, isLocal: boolean): FileReader {
  return (text, name) => {
    const attached = /^attach:\/\/(.+)$/.exec(text)?.[1];
    if (attached === undefined) return isLocal ? openPath(text) : text;
    const upload = raw[attached];
    if (typeof upload === "object" && upload !== null) return upload as UploadedFile;
    throw badRequest(`There is no ${words(name)} in the request`);
  };
}

/** Keys of a structure that may hold files. */
const FILE_KEYS: ReadonlySet<string> = new Set("media photo video animation sticker thumbnail cover".split(" "));

/** Replaces each text in a structure that refers to a file. */
function withUploads(value: unknown, fileAt: FileReader): unknown {
  if (Array.isArray(value)) return value.map((item) => withUploads(item, fileAt));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const isFile = typeof item === "string" && FILE_KEYS.has(key);
      return [key, isFile ? fileAt(item, key) : withUploads(item, fileAt)];
    }),
  );
}

function asArray(name: string, given: unknown): unknown[] {
  const parsed = parsedJson(name, given);
  if (Array.isArray(parsed)) return parsed;
  throw badRequest(`Expected an Array of ${ARRAYS[name] ?? words(name)}`);
}

function asObject(name: string, given: unknown): unknown {
  const parsed = parsedJson(name, given);
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw badRequest(`Object expected as ${words(name)}`);
}

/** Words of the public server for a list, where they are not the parameter's own. */
const ARRAYS: Record<string, string> = {
  message_ids: "message identifiers",
  media: "InputMedia",
  options: "String as options",
  reaction: "ReactionType",
  commands: "BotCommand",
  results: "inline query results",
  prices: "labeled prices",
  correct_option_ids: "correct option identifiers",
};

/** Words of the public server for broken JSON, where they are not the parameter's own. */
const JSON_WORDS: Record<string, string> = { reply_markup: "reply keyboard markup", message_ids: "message_ids" };

function parsedJson(name: string, given: unknown): unknown {
  if (typeof given !== "string") return given;
  try {
    return JSON.parse(given);
  } catch {
    throw badRequest(`Can't parse ${JSON_WORDS[name] ?? words(name)} JSON object`);
  }
}

const words = (name: string) => name.replaceAll("_", " ");
