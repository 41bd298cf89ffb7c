/**
 * Checks that an event holds plain data, as ASGI allows: strings, finite numbers, booleans, null, lists and maps; and
 * files. JSON would change or drop anything else without an error, so it is refused by name.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { kindOfValue } from "./kind-of-value.ts";

/** Deepest nesting: more than any object of the Bot API has, and far less than would overflow the stack. */
const MAX_DEPTH = 64;

export interface Files {
  /** @returns the text to write in place of a file; undefined if the object is no file */
  standIn(value: object, path: string): string | undefined;
}

/**
 * The value to write as JSON: the value itself, with files and objects that have a `toJSON` replaced.
 * @param path path of the value in the event: `reply_markup.inline_keyboard[0]`
 * @throws InvalidEventError naming that path
 */
export function plainOf(value: unknown, path: string, files: Files, ancestors: readonly object[] = []): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw refused(path, `${value}, which is no finite number`);
    case "object":
      return value === null ? null : plainObjectOf(value, path, files, ancestors);
    default:
      throw refused(path, kindOfValue(value));
  }
}

function plainObjectOf(value: object, path: string, files: Files, ancestors: readonly object[]): unknown {
  if (ancestors.includes(value)) throw refused(path, "a reference to an object that contains it (a cycle)");
  if (ancestors.length === MAX_DEPTH) throw refused(path, `nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return plainListOf(value, path, files, [...ancestors, value]);
  const file = files.standIn(value, path);
  if (file !== undefined) return file;
  // A URL for Telegram to fetch.
  if (value instanceof URL) return plainUrlOf(value, path);
  if (Object.prototype.toString.call(value) !== "[object Object]") throw refused(path, kindOfValue(value));
  const below = [...ancestors, value];
  const { toJSON } = value as { toJSON?: unknown };
  // Builders of keyboards and the like.
  if (typeof toJSON === "function") return plainOf(toJSON.call(value), path, files, below);
  let plain = value as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    const plainMember = plainOf(member, `${path}.${key}`, files, below);
    if (plainMember === member) continue;
    if (plain === value) plain = { ...plain };
    plain[key] = plainMember;
  }
  return plain;
}

function plainListOf(list: unknown[], path: string, files: Files, below: readonly object[]): unknown[] {
  let plain = list;
  for (let i = 0; i < list.length; i++) {
    // In an object, undefined means absent. In a list, JSON would change it to null.
    if (list[i] === undefined) throw refused(`${path}[${i}]`, "undefined");
    const member = plainOf(list[i], `${path}[${i}]`, files, below);
    if (member === list[i]) continue;
    if (plain === list) plain = [...list];
    plain[i] = member;
  }
  return plain;
}

function plainUrlOf(url: URL, path: string): string {
  if (/^https?:$/.test(url.protocol)) return url.href;
  throw refused(path, `the URL ${url}; the URL of a file begins with https:, http: or file:`);
}

function refused(path: string, what: string): InvalidEventError {
  return new InvalidEventError(`"${path}" is ${what}; events hold plain data and files only`, path);
}
