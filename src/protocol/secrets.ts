/**
 * Text without the secrets in it: bot tokens, and the credentials of proxies. What leaves the process passes here, whatever it
 * is made of: the log, last words, errors on their way to applications, what is kept with a dead letter.
 */

import { unescape as decode } from "node:querystring";

/** The text as others may see it. */
export type Hide = (text: string) => string;

export interface Secrets {
  readonly token?: string | undefined;
  /** A URL, with the password in it or not. */
  readonly proxy?: string | false | undefined;
}

/** The token of any bot, as long as Telegram makes them. */
const TOKEN = tokenPattern(6, 30);

/** Before the host of any URL. No quotes, which in a line of JSON are the line's own. */
const CREDENTIALS = /\/\/[^/@\s"'\\]+@/g;

/** What is shorter is hidden only where something tells that it is a secret, or half the words of the log might go. */
const LONG_ENOUGH = 8;

export function secretHider({ token, proxy }: Secrets): Hide {
  const tokens = new RegExp([...formsOf([token, halfOf(token)]), TOKEN].join("|"), "gi");
  const passwords = formsOf(passwordsIn(proxy));
  const others = new RegExp(passwords.join("|") || "(?!)", "g");
  return (text) =>
    text.replaceAll(tokens, "<token>").replaceAll(CREDENTIALS, "//<credentials>@").replaceAll(others, "<password>");
}

/**
 * Source of a case-insensitive pattern for bot tokens. The colon may be URL-encoded, once or more often: tokens stand in paths.
 * @param digits the fewest before the colon
 * @param characters the fewest after it
 */
export function tokenPattern(digits: number, characters: number): string {
  return String.raw`\d{${digits},}(?::|%(?:25)*3A)[\w-]{${characters},}`;
}

/** What stands behind the colon is as good as all of it: the rest is the bot's id, which everybody knows. */
function halfOf(token = ""): string | undefined {
  const half = token.slice(token.indexOf(":") + 1);
  return half.length >= 2 * LONG_ENOUGH ? half : undefined;
}

function passwordsIn(proxy: string | false | undefined): (string | undefined)[] {
  const { username, password } = URL.parse(proxy || "") ?? { username: "", password: "" };
  const basic = Buffer.from(`${decode(username)}:${decode(password)}`).toString("base64");
  return [password, decode(password), basic].filter((one) => one.length >= LONG_ENOUGH);
}

/** As patterns: each as it is, as it stands in a URL, and as it stands in JSON. */
function formsOf(secrets: readonly (string | undefined)[]): string[] {
  const known = secrets.filter((one) => one !== undefined && one !== "") as string[];
  const forms = known.flatMap((one) => [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]);
  return [...new Set(forms)].map((form) => form.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
}
