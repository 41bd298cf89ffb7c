/** The settings: of each option the value that counts, as far as there is one, and where it stands. */

import { ConfigError } from "../protocol/errors.ts";
import { environmentProxy } from "./environment-proxy.ts";
import { defaultInbox } from "./inbox-path.ts";
import type { Given } from "./option-layers.ts";
import { OPTION_KEYS, type OptionKey, type ValueOf } from "./options.ts";
import { gather, type Sources } from "./sources.ts";
import { findToken, looksLikeToken } from "./token.ts";
import { warningsAbout } from "./warnings.ts";

export interface Setting<Type> {
  readonly value: Type | undefined;
  /** How the option is called where the value stands; undefined for a default. */
  readonly source: string | undefined;
}

export type Settings = { readonly [Key in OptionKey]: Setting<ValueOf<Key>> };

export interface Settled {
  readonly settings: Settings;
  /** What is odd but no error, a line each. */
  readonly warnings: readonly string[];
}

/** @throws ConfigError for the first option that cannot be used; none is needed */
export async function settle(sources: Sources): Promise<Settled> {
  const given = await gather(sources);
  refuseTokenAsApplication(given);
  const token = await readToken(given);
  const plain = readPlain(given);
  const settings = {
    ...plain,
    token,
    inbox: inboxOf(plain, token, sources),
    proxy: proxyOf(plain, sources),
    logLevel: readLogLevel(given),
  };
  return { settings, warnings: await warningsAbout(settings, sources) };
}

/** All but the token, of which no message may show anything. */
function readPlain(given: Given): Omit<Settings, "token"> {
  const keys = OPTION_KEYS.filter((key) => key !== "token");
  const settings = keys.map((key) => [key, { value: given.read(key), source: given.find(key)?.source }]);
  return Object.fromEntries(settings) as Omit<Settings, "token">;
}

function refuseTokenAsApplication(given: Given): void {
  if (looksLikeToken(String(given.read("application")))) {
    throw new ConfigError(
      "the application looks like a bot token: write asgigram [token] <application>, in this order",
    );
  }
}

/** From where it stands itself, or from the file that is named. */
async function readToken(given: Given): Promise<Settings["token"]> {
  return { value: await findToken(given), source: given.findEither("token", "tokenFile")?.source };
}

/** By default it is a file of the bot's own. */
function inboxOf({ inbox }: Pick<Settings, "inbox">, token: Settings["token"], { cwd }: Sources): Settings["inbox"] {
  if (inbox.value !== undefined || token.value === undefined) return inbox;
  return { ...inbox, value: defaultInbox(cwd, token.value) };
}

/** By default it is the one that the environment names for that server. */
function proxyOf({ proxy, apiUrl }: Pick<Settings, "proxy" | "apiUrl">, { env }: Sources): Settings["proxy"] {
  return proxy.value === undefined ? environmentProxy(env, apiUrl.value!) : proxy;
}

const LEVEL_OF_VERBOSITY = ["warn", "info", "debug", "trace"] as const;

function readLogLevel(given: Given): Settings["logLevel"] {
  const entry = given.findEither("logLevel", "verbosity");
  const source = entry?.source;
  if (entry?.key === "verbosity") return { value: LEVEL_OF_VERBOSITY[given.read("verbosity") as number], source };
  return { value: given.read("logLevel") as ValueOf<"logLevel">, source };
}
