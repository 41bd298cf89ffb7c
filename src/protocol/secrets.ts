/**
 * Hides secrets in text: bot tokens, and the credentials of proxies. All text that leaves the process passes through
 * here: the log, the message of a fatal error, errors for applications, the reason and log of a dead letter.
 */

import { unescape as decode } from "node:querystring";
import { passwordIn } from "./database-address.ts";
import { encodingsOf } from "./encodings.ts";

/** Returns the text without secrets. */
export type Hide = (text: string) => string;

export interface Secrets {
  readonly token?: string | undefined;
  /** The proxy's URL, with or without a password. */
  readonly proxy?: string | false | undefined;
  /** The inbox; the address of a database may have a password. */
  readonly inbox?: string | false | undefined;
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

/** Secrets that became known later: passwords that are read at each use. */
const learnt = new Set<string>();

/** Has every hider hide this secret from now on. */
export function learnSecret(secret: string): void {
  if (secret.length >= LONG_ENOUGH) for (const form of writtenForms(secret)) learnt.add(form);
}

export function secretHider({ token, proxy, inbox }: Secrets): Hide {
  const tokens = new RegExp([...formsOf([token]), TOKEN, ...halfOf(token).flatMap(encodingsOf)].join("|"), "gi");
  const passwords = formsOf([...passwordsIn(proxy), ...passwordsOf(inbox)]);
  const others = new RegExp(passwords.join("|") || "(?!)", "g");
  return (text) => {
    const hidden = text
      .replaceAll(tokens, "<token>")
      .replaceAll(CREDENTIALS, "//<credentials>@")
      .replaceAll(others, "<password>");
    return learnt.size === 0 ? hidden : withoutLearnt(hidden);
  };
}

function withoutLearnt(text: string): string {
  let hidden = text;
  for (const secret of learnt) hidden = hidden.replaceAll(secret, "<password>");
  return hidden;
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
  // A run of digits is looked at from its beginning alone: from each digit, a user's long number would take minutes.
  return String.raw`(?<!\d)\d{${digits},}(?::|%(?:25)*3A)[\w-]{${characters},}`;
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

function passwordsOf(inbox: string | false | undefined): (string | undefined)[] {
  const password = passwordIn(inbox);
  return password === undefined ? [] : [password, decode(password)].filter((one) => one.length >= LONG_ENOUGH);
}

/** Patterns for each secret: as it is, encoded for a URL, and encoded as JSON. */
function formsOf(secrets: readonly (string | undefined)[]): string[] {
  const known = secrets.filter((one) => one !== undefined && one !== "") as string[];
  const forms = known.flatMap(writtenForms);
  return [...new Set(forms)].map((form) => form.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
}

function writtenForms(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}
