/**
 * The bot's token: found, read from its file, and checked. No message here shows any of it.
 */

import { ConfigError } from "../protocol/errors.ts";
import type { OptionLayers } from "./option-layers.ts";
import { readText } from "./text-file.ts";

/** https://core.telegram.org/bots/api#authorizing-your-bot */
const TOKEN = /^\d+:[A-Za-z0-9_-]+$/;

/** The token that was layers, if one was. @throws ConfigError if that is none, or its file cannot be read */
export async function findToken(layers: OptionLayers): Promise<string | undefined> {
  const entry = layers.findEither("token", "tokenFile");
  if (entry === undefined) return undefined;
  if (entry.key === "tokenFile") return readTokenFile(layers.valueOf(entry) as string, entry.source);
  return checkToken(entry.raw, entry.source);
}

/** @throws ConfigError if it is none, which names `source` and not the token */
export function checkToken(token: unknown, source: string): string {
  if (typeof token === "string" && TOKEN.test(token.trim())) return token.trim();
  throw new ConfigError(
    `${source} is no bot token: one is digits, a colon, then letters, digits, - and _, as @BotFather gives it (not shown here, as it may be secret)`,
  );
}

/** @throws ConfigError if the file cannot be read, or holds anything but a token and the end of its line */
export async function readTokenFile(path: string, source: string): Promise<string> {
  const token = await readText(path, source);
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
