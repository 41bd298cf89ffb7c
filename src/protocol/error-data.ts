/** Errors as data, so that they keep what can be kept in another thread or process. */

import type { ErrorData } from "./port.ts";

/** Levels of objects and lists in a key's value that are kept. */
const DEPTH = 4;

/** Never throws: any value can be thrown, even an object whose getters throw. */
export function dataOfError(thrown: unknown): ErrorData {
  try {
    if (!isError(thrown)) return { name: "Error", message: String(thrown), stack: undefined, keys: {} };
    const { name, message, stack } = thrown;
    const isPlainKey = ([key, value]: [string, unknown]) =>
      !["name", "message", "stack"].includes(key) && isPlain(value, DEPTH);
    return {
      name: String(name),
      message: String(message),
      stack: stack === undefined ? undefined : String(stack),
      keys: Object.fromEntries(Object.entries(thrown).filter(isPlainKey)),
    };
  } catch {
    return { name: "Error", message: "an error that cannot be shown", stack: undefined, keys: {} };
  }
}

/** The error again, with its name, message, stack and keys. Its class is Error: errors are told apart by name and code. */
export function errorOfData({ name, message, stack, keys }: ErrorData): Error {
  const error = Object.assign(new Error(message), keys);
  const hidden = { writable: true, configurable: true, enumerable: false };
  if (name !== "Error") Object.defineProperty(error, "name", { ...hidden, value: name });
  if (stack !== undefined) Object.defineProperty(error, "stack", { ...hidden, value: stack });
  return error;
}

/** DOMException, of which AbortError and TimeoutError are, is an Error as well. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function isPlain(value: unknown, depth: number): boolean {
  if (value === null || !["object", "function", "symbol"].includes(typeof value)) return true;
  if (typeof value !== "object" || depth === 0) return false;
  const prototype = Object.getPrototypeOf(value);
  const isBag = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return isBag && Object.values(value).every((part) => isPlain(part, depth - 1));
}
