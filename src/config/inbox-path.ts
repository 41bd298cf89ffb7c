/** Where the inbox is: the file that the server keeps it in, or that somebody looks into from outside. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../protocol/errors.ts";
import { gather, type Sources } from "./sources.ts";
import { botIdOf, findToken } from "./token.ts";

/** Where it is if nobody says otherwise: each bot has a file of its own. */
export function defaultInbox(directory: string, token: string): string {
  return join(directory, `asgigram-${botIdOf(token)}.sqlite`);
}

/**
 * Finds the file as the server does, but for the application, which it does not need; where nothing tells whose inbox it
 * might be, the only one in the working directory is it. Whether the file is there is not looked at.
 * @throws ConfigError
 */
export async function findInbox(sources: Sources): Promise<string> {
  const layers = await gather(sources);
  const path = layers.read("inbox") as string | false | undefined;
  if (path === false) {
    throw new ConfigError(`${layers.find("inbox")!.source} says that there is no inbox; name a file with --inbox`);
  }
  if (path !== undefined) return path;
  const token = await findToken(layers);
  return token === undefined ? onlyInbox(sources.cwd) : defaultInbox(sources.cwd, token);
}

async function onlyInbox(directory: string): Promise<string> {
  const files = (await readdir(directory)).filter((name) => /^asgigram-.+\.sqlite$/.test(name)).sort();
  if (files.length === 1) return join(directory, files[0]!);
  const there = files.length === 0 ? "there is no asgigram-*.sqlite" : `there are ${files.join(", ")}`;
  throw new ConfigError(
    `which inbox? No token tells the bot, and in ${directory} ${there}; name the file with --inbox, or the token's with --token-file`,
  );
}
