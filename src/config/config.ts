/** The configuration of a server: every option of options.ts with the value that counts. */

import { ConfigError } from "../protocol/errors.ts";
import { nearest } from "../protocol/nearest.ts";
import { UPDATE_KINDS } from "../protocol/route.ts";
import type { Given } from "./given.ts";
import { defaultInbox } from "./inbox-path.ts";
import { environmentOf, OPTION_KEYS, type OptionKey, type ValueOf } from "./options.ts";
import { gather, type Sources, type Values } from "./sources.ts";
import { findToken, looksLikeToken } from "./token.ts";

export type { Sources, Values };

/** Frozen, and so is all that is in it. */
export type Config = { readonly [Key in Plain | "token" | "logLevel"]: ValueOf<Key> } & {
  /** The working directory: the application and every relative path are looked for there. */
  readonly directory: string;
  /** What is odd but no error, a line each. */
  readonly warnings: readonly string[];
};

/** Of these, two each settle one thing, or they only say where the others are. */
const SETTLED = ["config", "token", "tokenFile", "logLevel", "verbosity"] as const satisfies OptionKey[];

type Plain = Exclude<OptionKey, (typeof SETTLED)[number]>;

/** @throws ConfigError for the first option that cannot be used */
export async function resolveConfig(sources: Sources): Promise<Config> {
  const { env, cwd } = sources;
  const given = await gather(sources);
  const application = readApplication(given);
  const token = await readToken(given);
  const plain = readPlain(given);
  const config: Config = {
    ...plain,
    application,
    token,
    logLevel: readLogLevel(given),
    inbox: plain.inbox ?? defaultInbox(cwd, token),
    directory: cwd,
    warnings: [...unknownKinds(plain.allowedUpdates), ...misspeltVariables(env)],
  };
  return freeze(config);
}

function readPlain(given: Given): { [Key in Plain]: ValueOf<Key> } {
  const keys = OPTION_KEYS.filter((key) => !(SETTLED as readonly string[]).includes(key));
  return Object.fromEntries(keys.map((key) => [key, given.read(key)])) as ReturnType<typeof readPlain>;
}

function readApplication(given: Given): string {
  const application = given.read("application") as string | undefined;
  if (application === undefined) {
    throw new ConfigError(
      "no application given: name it, as in asgigram path/to/app.ts:application, or set ASGIGRAM_APPLICATION",
    );
  }
  if (looksLikeToken(application)) {
    throw new ConfigError(
      "the application looks like a bot token: write asgigram [token] <application>, in this order",
    );
  }
  return application;
}

async function readToken(given: Given): Promise<string> {
  const token = await findToken(given);
  if (token === undefined) {
    throw new ConfigError(
      "no bot token given: set ASGIGRAM_TOKEN, or name a file that holds it with --token-file; @BotFather gives one, and asgigram simulate <application> needs none",
    );
  }
  return token;
}

const LEVEL_OF_VERBOSITY = ["warn", "info", "debug", "trace"] as const;

function readLogLevel(given: Given): Config["logLevel"] {
  if (given.findEither("logLevel", "verbosity")?.key === "verbosity") {
    return LEVEL_OF_VERBOSITY[given.read("verbosity") as number]!;
  }
  return given.read("logLevel") as Config["logLevel"];
}

/** No errors: a kind may be newer than this version of asgigram. */
function unknownKinds(kinds: readonly string[]): string[] {
  return kinds
    .filter((kind) => !(UPDATE_KINDS as readonly string[]).includes(kind))
    .map((kind) => {
      const guess = nearest(kind, UPDATE_KINDS);
      const question = guess === undefined ? "" : `; did you mean ${guess}?`;
      return `--allowed-updates: "${kind}" is no kind of update that this version of asgigram knows${question}`;
    });
}

/** No errors either: Kubernetes, for one, makes variables of this sort (ASGIGRAM_PORT). */
function misspeltVariables(env: Sources["env"]): string[] {
  const known = OPTION_KEYS.map((key) => environmentOf(key).slice("ASGIGRAM_".length));
  return Object.keys(env)
    .filter((name) => name.startsWith("ASGIGRAM_") && env[name])
    .map((name) => name.slice("ASGIGRAM_".length))
    .filter((word) => !known.includes(word))
    .flatMap((word) => {
      const guess = nearest(word, known);
      return guess === undefined ? [] : [`ASGIGRAM_${word} has no effect; did you mean ASGIGRAM_${guess}?`];
    });
}

function freeze(config: Config): Config {
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}
