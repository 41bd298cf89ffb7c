/** The path of the inbox, for the server and for `asgigram inbox`. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../protocol/errors.ts";
import { gather, type Sources } from "./sources.ts";
import { botIdOf, findToken } from "./token.ts";

/** The default path: each bot has a file of its own. */
export function defaultInbox(directory: string, token: string): string {
  return join(directory, `asgigram-${botIdOf(token)}.sqlite`);
}

/**
 * Finds the inbox as the server does, but needs no application. Without a token it takes the only inbox in the working directory.
 * The file need not exist.
 * @throws ConfigError
 */
export async function findInbox(sources: Sources): Promise<string> {
  const layers = await gather(sources);
  const path = layers.read("inbox") as string | false | undefined;
  if (path === false) {
    throw new ConfigError(`${layers.find("inbox")!.source} is off, so there is no inbox; name a file with --inbox`);
  }
  if (path !== undefined) return path;
  const token = await findToken(layers);
  return token === undefined ? onlyInbox(sources.cwd) : defaultInbox(sources.cwd, token);
}

/** The facts that an inbox in a database needs beside its address. */
export interface DatabaseAccess {
  /** Id of the bot. */
  readonly bot: number;
  readonly password: { readonly file: string | undefined; readonly command: string | undefined };
}

/**
 * @throws ConfigError without a token: the bot's id is the name of its tables
 */
export async function findDatabase(sources: Sources): Promise<DatabaseAccess> {
  const layers = await gather(sources);
  const token = await findToken(layers);
  if (token === undefined) {
    throw new ConfigError(
      "cannot tell which bot's inbox: a database may have several; name the token's file with --token-file, or set ASGIGRAM_TOKEN",
    );
  }
  const read = (key: "inboxPasswordFile" | "inboxPasswordCommand") => layers.read(key) as string | undefined;
  const password = { file: read("inboxPasswordFile"), command: read("inboxPasswordCommand") };
  return { bot: Number(botIdOf(token)), password };
}

async function onlyInbox(directory: string): Promise<string> {
  const files = (await readdir(directory)).filter((name) => /^asgigram-.+\.sqlite$/.test(name)).sort();
  if (files.length === 1) return join(directory, files[0]!);
  const there = files.length === 0 ? "there is no asgigram-*.sqlite" : `there are ${files.join(", ")}`;
  throw new ConfigError(
    `cannot tell which inbox: there is no token, and in ${directory} ${there}; name the inbox with --inbox, or the token's file with --token-file`,
  );
}
