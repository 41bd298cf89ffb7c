/**
 * Hides secrets in text: bot tokens, and the credentials of proxies. All text that leaves the process passes through
 * here: the log, the message of a fatal error, errors for applications, the reason and log of a dead letter.
 */

import { unescape as decode } from "node:querystring";
import { encodingsOf } from "./encodings.ts";

/** Returns the text without secrets. */
export type Hide = (text: string) => string;

export interface Secrets {
  readonly token?: string | undefined;
  /** The proxy's URL, with or without a password. */
  readonly proxy?: string | false | undefined;
}

/** The token of any bot, as long as Telegram makes them. */
const TOKEN = tokenPattern(6, 30);

/** Credentials before the host of a URL. They exclude quotes, which belong to the JSON of a log line. */
const CREDENTIALS = /\/\/[^/@\s"'\\]+@/g;

/**
 * Shortest secret that is hidden anywhere in a text. A shorter one may be a common word, and is hidden only in a URL or
 * token.
 */
const LONG_ENOUGH = 8;

export function secretHider({ token, proxy }: Secrets): Hide {
  const tokens = new RegExp([...formsOf([token]), TOKEN, ...halfOf(token).flatMap(encodingsOf)].join("|"), "gi");
  const passwords = formsOf(passwordsIn(proxy));
  const others = new RegExp(passwords.join("|") || "(?!)", "g");
  return (text) =>
    text.replaceAll(tokens, "<token>").replaceAll(CREDENTIALS, "//<credentials>@").replaceAll(others, "<password>");
}

/** Finds the token as it is, or its secret half, in text that must stay as it is. Much faster than hiding it. */
export function tokenFinder(token: string): (text: string) => boolean {
  const [half = token] = halfOf(token);
  return (text) => text.includes(half);
}

/**
 * Source of a case-insensitive pattern for bot tokens. The colon may be URL-encoded, once or more often: tokens stand in paths.
 * @param digits the fewest before the colon
 * @param characters the fewest after it
 */
export function tokenPattern(digits: number, characters: number): string {
  return String.raw`\d{${digits},}(?::|%(?:25)*3A)[\w-]{${characters},}`;
}

/** The part behind the colon is the secret; the part before it is the bot's id, which is public. */
function halfOf(token = ""): string[] {
  const half = token.slice(token.indexOf(":") + 1);
  return half.length >= 2 * LONG_ENOUGH ? [half] : [];
}

function passwordsIn(proxy: string | false | undefined): (string | undefined)[] {
  const { username, password } = URL.parse(proxy || "") ?? { username: "", password: "" };
  const basic = Buffer.from(`${decode(username)}:${decode(password)}`).toString("base64");
  return [password, decode(password), basic].filter((one) => one.length >= LONG_ENOUGH);
}

/** Patterns for each secret: as it is, encoded for a URL, and encoded as JSON. */
function formsOf(secrets: readonly (string | undefined)[]): string[] {
  const known = secrets.filter((one) => one !== undefined && one !== "") as string[];
  const forms = known.flatMap((one) => [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]);
  return [...new Set(forms)].map((form) => form.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
}
