/** Values as error messages show them: on one line, short, and without secrets that were put there by mistake. */

import { inspect } from "node:util";
import { tokenPattern } from "../protocol/secrets.ts";

const MAX_LENGTH = 80;

/** Shorter than Telegram's tokens, so that a truncated token matches; longer than a port after a host. */
const TOKEN = new RegExp(tokenPattern(1, 8), "gi");

/** In a wrong value a password may have a slash or an @ as it is: all up to the last @ is hidden. */
const CREDENTIALS = /\/\/\S+@/g;

export function quote(value: unknown): string {
  const shown =
    typeof value === "string"
      ? JSON.stringify(value)
      : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  const safe = withoutSecrets(shown.replaceAll(/[\s\p{Cc}]+/gu, " "));
  return safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH - 1)}…` : safe;
}

/** Replaces every bot token, and the credentials in every URL. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(TOKEN, "<token>").replaceAll(CREDENTIALS, "//<credentials>@");
}
