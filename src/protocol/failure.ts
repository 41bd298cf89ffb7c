/** A failed call as data. The main thread posts it to the worker of the instance, where it becomes an error again. */

import { type AsgigramError, FileError, NetworkError, TelegramError } from "./errors.ts";
import type { CallFailure } from "./port.ts";

export function failureOf(error: unknown, method: string): CallFailure {
  if (error instanceof TelegramError) {
    const { error_code, description, parameters } = error;
    return { name: "TelegramError", method, error_code, description, parameters };
  }
  if (error instanceof NetworkError) {
    return { name: "NetworkError", method, delivery: error.delivery, reason: error.reason };
  }
  if (error instanceof FileError) return { name: "FileError", method, key: error.key, reason: error.reason };
  return { name: "NetworkError", method, delivery: "unknown", reason: `the call broke off (${error})` };
}

export function callErrorOf(failure: CallFailure, hint = ""): AsgigramError {
  if (failure.name === "NetworkError") return new NetworkError(failure.method, failure.delivery, failure.reason);
  if (failure.name === "FileError") return new FileError(failure.method, failure.key, failure.reason);
  const { method, error_code, description, parameters } = failure;
  return new TelegramError(method, error_code, description + hint, parameters);
}
