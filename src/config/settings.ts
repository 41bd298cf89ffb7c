/** The settings: the value in force of each option, and its source. */

import { ConfigError } from "../protocol/errors.ts";
import { environmentProxy } from "./environment-proxy.ts";
import { defaultInbox } from "./inbox-path.ts";
import type { OptionLayers } from "./option-layers.ts";
import { OPTION_KEYS, type ValueOf } from "./options.ts";
import type { Settings } from "./setting.ts";
import { gather, type Sources } from "./sources.ts";
import { findToken, looksLikeToken } from "./token.ts";
import { warningsAbout } from "./warnings.ts";

export interface ResolvedSettings {
  readonly settings: Settings;
  /** Oddities of the configuration that are no errors, one line each. */
  readonly warnings: readonly string[];
}

/** Resolves every option; none is required. @throws ConfigError for the first option that cannot be used */
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
    breaker: breakerOf(plain),
    logLevel: readLogLevel(layers),
  };
  return { settings, warnings: await warningsAbout(settings, sources) };
}

/** Reads all options but the token: no message may show a part of that. */
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

/** Reads the token from its own option, or from the file of --token-file. */
async function readToken(layers: OptionLayers): Promise<Settings["token"]> {
  return { value: await findToken(layers), source: layers.findEither("token", "tokenFile")?.source };
}

/** The default is a file of the bot's own. */
function inboxOf({ inbox }: Pick<Settings, "inbox">, token: Settings["token"], { cwd }: Sources): Settings["inbox"] {
  if (inbox.value !== undefined || token.value === undefined) return inbox;
  return { ...inbox, value: defaultInbox(cwd, token.value) };
}

/** The default is the proxy that the environment names for the Bot API server. */
function proxyOf({ proxy, apiUrl }: Pick<Settings, "proxy" | "apiUrl">, { env }: Sources): Settings["proxy"] {
  return proxy.value === undefined ? environmentProxy(env, apiUrl.value!) : proxy;
}

/** Bots that have their events tried again want no dead letters for a fault that will pass. */
function breakerOf({ breaker, retry }: Pick<Settings, "breaker" | "retry">): Settings["breaker"] {
  return breaker.source === undefined ? { ...breaker, value: retry.value! > 0 } : breaker;
}

const LEVEL_OF_VERBOSITY = ["warn", "info", "debug", "trace"] as const;

function readLogLevel(layers: OptionLayers): Settings["logLevel"] {
  const entry = layers.findEither("logLevel", "verbosity");
  const source = entry?.source;
  if (entry?.key === "verbosity") return { value: LEVEL_OF_VERBOSITY[layers.read("verbosity") as number], source };
  return { value: layers.read("logLevel") as ValueOf<"logLevel">, source };
}
