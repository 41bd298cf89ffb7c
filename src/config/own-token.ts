/**
 * The token as a bot's own program reads it: from a variable, or from `.env`. The server takes it from there, and the program gets a
 * stand-in of the same form.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { botIdOf } from "./token.ts";

type Variables = { [name: string]: string | undefined };

/** Programs check this form; @BotFather's tokens have it. */
const TOKEN = /^\d+:[\w-]{35}$/;

/** Names of the variable in which most programs look. */
const USUAL = ["BOT_TOKEN", "TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN", "BOT_API_TOKEN", "BOT_API_KEY", "TOKEN"];

export interface OwnToken {
  readonly token: string;
  /** The variable that has it: `BOT_TOKEN`, `BOT_TOKEN in .env`. */
  readonly variable: string;
}

/** @returns the one token in the program's variables; undefined without one, or if there are several */
export function findOwnToken(env: Variables, directory: string): OwnToken | undefined {
  const found = [...ownTokens(env, directory)];
  const [first] = found;
  if (first === undefined || found.some(([, token]) => token !== first[1])) return undefined;
  const [name, token] = first;
  return { token, variable: env[name] === undefined ? `${name} in .env` : name };
}

/** The search for the token, for the message that there is none. */
export function describeSearch(env: Variables, directory: string): string {
  const names = [...ownTokens(env, directory).keys()];
  if (names.length === 0) return `none of ${USUAL.join(", ")}, here or in .env, has one`;
  return `${names.join(" and ")} have different ones, and asgigram serves one bot`;
}

/**
 * Puts the stand-in into each variable that has the token, alone or within a longer text such as the URL of a webhook. If no variable is
 * the token, for the server got it elsewhere, the usual ones that are unset get the stand-in, or an exposed token. The program's own
 * reader of `.env` leaves set variables as they are.
 */
export function giveOwnToken(env: Variables, directory: string, token: string, exposeToken: boolean): void {
  const known = knownVariables(env, directory);
  const given = exposeToken ? token : standInFor(token);
  for (const [name, value] of own(known)) if (value?.includes(token)) env[name] = value.replaceAll(token, given);
  if ([...tokensIn(known).values()].includes(token)) return;
  for (const name of USUAL) if (known[name] === undefined) env[name] = given;
}

/** Puts the stand-in for the simulator's token into each variable that has a token, and into the usual ones that are unset. */
export function simulateOwnToken(env: Variables, directory: string, token: string): void {
  const names = ownTokens(env, directory).keys();
  const unset = USUAL.filter((name) => env[name] === undefined);
  for (const name of [...names, ...unset]) env[name] = standInFor(token);
}

function ownTokens(env: Variables, directory: string): Map<string, string> {
  return tokensIn(knownVariables(env, directory));
}

function knownVariables(env: Variables, directory: string): Variables {
  return { ...readEnv(directory), ...env };
}

/** Tokens by the names of their variables. */
function tokensIn(variables: Variables): Map<string, string> {
  return new Map(own(variables).filter((entry): entry is [string, string] => TOKEN.test(entry[1] ?? "")));
}

/** The variables that are not the server's. */
function own(variables: Variables): [string, string | undefined][] {
  return Object.entries(variables).filter(([name]) => !name.startsWith("ASGIGRAM_"));
}

function readEnv(directory: string): Variables {
  try {
    return parseEnv(readFileSync(join(directory, ".env"), "utf8"));
  } catch {
    // There is none, or it is not for us.
    return {};
  }
}

function standInFor(token: string): string {
  return `${botIdOf(token)}:${"asgigram-keeps-the-token".padEnd(35, "-")}`;
}
