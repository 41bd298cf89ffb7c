/** The settings: of each option the value that counts, as far as there is one, and where it stands. */

import { ConfigError } from "../protocol/errors.ts";
import { environmentProxy } from "./environment-proxy.ts";
import { defaultInbox } from "./inbox-path.ts";
import type { OptionLayers } from "./option-layers.ts";
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

export interface ResolvedSettings {
  readonly settings: Settings;
  /** What is odd but no error, a line each. */
  readonly warnings: readonly string[];
}

/** @throws ConfigError for the first option that cannot be used; none is needed */
export async function resolveSettings(sources: Sources): Promise<ResolvedSettings> {
  const layers = await gather(sources);
  refuseTokenAsApplication(layers);
  const token = await readToken(layers);
  const plain = readPlain(layers);
  const settings = {
    ...plain,
    token,
    inbox: inboxOf(plain, token, sources),
    proxy: proxyOf(plain, sources),
    logLevel: readLogLevel(layers),
  };
  return { settings, warnings: await warningsAbout(settings, sources) };
}

/** All but the token, of which no message may show anything. */
function readPlain(layers: OptionLayers): Omit<Settings, "token"> {
  const keys = OPTION_KEYS.filter((key) => key !== "token");
  const settings = keys.map((key) => [key, { value: layers.read(key), source: layers.find(key)?.source }]);
  return Object.fromEntries(settings) as Omit<Settings, "token">;
}

function refuseTokenAsApplication(layers: OptionLayers): void {
  if (looksLikeToken(String(layers.read("application")))) {
    throw new ConfigError(
      "the application looks like a bot token: write asgigram [token] <application>, in this order",
    );
  }
}

/** From where it stands itself, or from the file that is named. */
async function readToken(layers: OptionLayers): Promise<Settings["token"]> {
  return { value: await findToken(layers), source: layers.findEither("token", "tokenFile")?.source };
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

function readLogLevel(layers: OptionLayers): Settings["logLevel"] {
  const entry = layers.findEither("logLevel", "verbosity");
  const source = entry?.source;
  if (entry?.key === "verbosity") return { value: LEVEL_OF_VERBOSITY[layers.read("verbosity") as number], source };
  return { value: layers.read("logLevel") as ValueOf<"logLevel">, source };
}
