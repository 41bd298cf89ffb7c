/**
 * ASGI allows plain data in events: strings, finite numbers, booleans, null, lists and maps; here, files as well. Everything
 * else would be changed or dropped by JSON without a word, so it is refused by name.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { kindOfValue } from "./kind-of-value.ts";

/** Deeper than any object of the Bot API, and far from the end of the stack. */
const MAX_DEPTH = 64;

/** Knows what to write in the place of an object that is a file; undefined for one that is none. */
export interface Files {
  standIn(value: object, path: string): string | undefined;
}

/**
 * The value as JSON shall have it: itself, unless there are files in it, or objects that say by `toJSON` what they stand for.
 * @param path where the value stands in the event: `reply_markup.inline_keyboard[0]`
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
  // Telegram fetches it.
  if (value instanceof URL) return plainUrlOf(value, path);
  if (Object.prototype.toString.call(value) !== "[object Object]") throw refused(path, kindOfValue(value));
  const below = [...ancestors, value];
  const { toJSON } = value as { toJSON?: unknown };
  // Builders of keyboards and the like: what counts is what they stand for.
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
    // As an object's key it counts as absent; a list has no absent members, and JSON would make it null.
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
  throw refused(path, `the URL ${url}; those of files begin with https:, http: or file:`);
}

function refused(path: string, what: string): InvalidEventError {
  return new InvalidEventError(`"${path}" is ${what}; events hold plain data and files only`, path);
}
