/** The error that kept a module from being loaded, as data. */

import { AsgigramError } from "../../src/protocol/errors.ts";
import type { StartFailure } from "../../src/protocol/port.ts";
import { describe } from "../reporter.ts";

export function startFailureOf(error: unknown): StartFailure {
  const { message, cause } = error as Error;
  const detail = error instanceof AsgigramError ? cause : error;
  const text = typeof detail === "string" ? detail : describe(detail);
  return { name: "ApplicationLoadError", message, ...(detail === undefined ? {} : { detail: text }) };
}
