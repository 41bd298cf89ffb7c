/** Options for the server in an outgoing event: its key `asgigram`. Telegram does not get them. */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { kindOfValue } from "./kind-of-value.ts";

export interface SendOptions {
  readonly coalesce?: boolean;
  readonly bulk?: boolean;
}

const NAMES: readonly string[] = ["coalesce", "bulk"] satisfies (keyof SendOptions)[];

/**
 * @param given the value of the event's key `asgigram`
 * @throws InvalidEventError for an option that is unknown, or has another type
 */
export function sendOptionsIn(given: unknown): SendOptions {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const message = `"asgigram" must be an object such as { coalesce: true }, not ${kindOfValue(given)}`;
    throw new InvalidEventError(message, "asgigram");
  }
  for (const [name, value] of Object.entries(given)) {
    const key = `asgigram.${name}`;
    if (!NAMES.includes(name)) {
      throw new InvalidEventError(`"${key}" is no option of asgigram; there are "coalesce" and "bulk"`, key);
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw new InvalidEventError(`"${key}" must be true or false, not ${kindOfValue(value)}`, key);
    }
  }
  return given;
}
