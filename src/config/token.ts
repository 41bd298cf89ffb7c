/**
 * The bot's token: found, read from its file, and checked. No message here shows any of it.
 */

import { readFile } from "node:fs/promises";
import { ConfigError } from "../protocol/errors.ts";

/** https://core.telegram.org/bots/api#authorizing-your-bot */
const TOKEN = /^\d+:[A-Za-z0-9_-]+$/;

/** @throws ConfigError if it is none, which names `source` and not the token */
export function checkToken(token: unknown, source: string): string {
  if (typeof token === "string" && TOKEN.test(token.trim())) return token.trim();
  throw new ConfigError(
    `${source} is no bot token: one is digits, a colon, then letters, digits, - and _, as @BotFather gives it (not shown here, as it may be secret)`,
  );
}

/** @throws ConfigError if the file cannot be read, or holds anything but a token and the end of its line */
export async function readTokenFile(path: string, source: string): Promise<string> {
  const token = await contentOf(path, source);
  if (token.trim() === "") throw new ConfigError(`${source} is ${path}, which is empty: it must hold the bot's token`);
  return checkToken(token, `the text in ${path} (${source})`);
}

/** The number before the colon: the bot's user id. */
export function botIdOf(token: string): string {
  return token.slice(0, token.indexOf(":"));
}

/** Whether this is a token that stands where something else belongs. */
export function looksLikeToken(text: string): boolean {
  return /^\d+:/.test(text);
}

async function contentOf(path: string, source: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${source} is ${path}, which ${whyUnreadable(cause)}`, { cause });
  }
}

/** The end of a sentence about a file. */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist: check the path";
    case "EISDIR":
      return "is a folder: name a file";
    case "EACCES":
    case "EPERM":
      return "this user may not read: check its permissions";
  }
  return `cannot be read: ${message}`;
}
