/** The bot's token: found, read from its file, and checked. No message shows a part of it. */

import { ConfigError } from "../protocol/errors.ts";
import type { OptionLayers } from "./option-layers.ts";
import { readTextOnce } from "./text-file.ts";

/** https://core.telegram.org/bots/api#authorizing-your-bot */
const TOKEN = /^\d+:[A-Za-z0-9_-]+$/;

/** The token from its option or its file, if there is one. @throws ConfigError if it is malformed or cannot be read */
export async function findToken(layers: OptionLayers): Promise<string | undefined> {
  const entry = layers.findEither("token", "tokenFile");
  if (entry === undefined) return undefined;
  if (entry.key === "tokenFile") return readTokenFile(layers.valueOf(entry) as string, entry.source);
  return checkToken(entry.raw, entry.source);
}

/** @throws ConfigError if the token is malformed; the message names `source` and not the token */
export function checkToken(token: unknown, source: string): string {
  if (typeof token === "string" && TOKEN.test(token.trim())) return token.trim();
  throw new ConfigError(
    `${source} is not a bot token: a token is digits, a colon, then letters, digits, - and _, as @BotFather gives it (the value is not shown here, it may be secret)`,
  );
}

/** @throws ConfigError if the file cannot be read, or holds more than a token and a line break */
export async function readTokenFile(path: string, source: string): Promise<string> {
  const token = await readTextOnce(path, source);
  if (token.trim() === "") throw new ConfigError(`${source} is ${path}, which is empty: it must hold the bot's token`);
  return checkToken(token, `the text in ${path} (${source})`);
}

/** The number before the colon: the bot's user id. */
export function botIdOf(token: string): string {
  return token.slice(0, token.indexOf(":"));
}

/** True for a token in the place of something else. */
export function looksLikeToken(text: string): boolean {
  return /^\d+:/.test(text);
}
