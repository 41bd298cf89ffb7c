/**
 * ASGI allows plain data in events: strings, finite numbers, booleans, null, lists and maps. Everything else would be
 * changed or dropped by JSON without a word, so it is refused by name.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";

/** Deeper than any object of the Bot API, and far from the end of the stack. */
const MAX_DEPTH = 64;

/**
 * @param path where the value stands in the event: `reply_markup.inline_keyboard[0]`
 * @throws InvalidEventError naming that path
 */
export function refuseUnlessPlain(value: unknown, path: string, ancestors: readonly object[] = []): void {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw refused(path, `${value}, which is no finite number`);
    case "object":
      if (value !== null) refuseUnlessPlainObject(value, path, ancestors);
      return;
    default:
      throw refused(path, kindOfValue(value));
  }
}

function refuseUnlessPlainObject(value: object, path: string, ancestors: readonly object[]): void {
  if (isFile(value)) {
    throw refused(path, `${kindOfValue(value)}: files cannot be uploaded yet; pass a file_id or a URL as a string`);
  }
  if (ancestors.includes(value)) throw refused(path, "a reference to an object that contains it (a cycle)");
  if (ancestors.length === MAX_DEPTH) throw refused(path, `nested more than ${MAX_DEPTH} levels deep`);
  const below = [...ancestors, value];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      // As an object's key it counts as absent; a list has no absent members, and JSON would make it null.
      if (value[i] === undefined) throw refused(`${path}[${i}]`, "undefined");
      refuseUnlessPlain(value[i], `${path}[${i}]`, below);
    }
    return;
  }
  if (Object.prototype.toString.call(value) !== "[object Object]") throw refused(path, kindOfValue(value));
  const { toJSON } = value as { toJSON?: unknown };
  // Builders of keyboards and the like: what counts is what they stand for.
  if (typeof toJSON === "function") return refuseUnlessPlain(toJSON.call(value), path, below);
  for (const key of Object.keys(value)) {
    refuseUnlessPlain((value as Record<string, unknown>)[key], `${path}.${key}`, below);
  }
}

function isFile(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Blob ||
    value instanceof URL ||
    Symbol.asyncIterator in value
  );
}

function refused(path: string, what: string): InvalidEventError {
  return new InvalidEventError(`"${path}" is ${what}; events hold plain data only`, path);
}

/** Names a value for a message: `a function`, `null`, `an array`, `the string "hello"`, `a Map`. */
export function kindOfValue(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === "object") return article(value.constructor?.name || "object");
  return article(typeof value);
}

function article(noun: string): string {
  // URL, Uint8Array, User: a class whose name begins with a u is mostly spoken with a consonant.
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}
