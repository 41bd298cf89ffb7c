/** The configuration of a server: each option of options.ts with the value in force, in the units of the code. */

import { ConfigError } from "../protocol/errors.ts";
import { OPTION_KEYS, type Option, type OptionKey, optionAt, type ValueOf } from "./options.ts";
import { describeSearch } from "./own-token.ts";
import { mayBeProgram } from "./program.ts";
import type { Settings } from "./setting.ts";
import { resolveSettings } from "./settings.ts";
import type { Sources, Values } from "./sources.ts";

export type { Sources, Values };

/** Deeply frozen. */
export type Config = ConfigValues & {
  readonly token: string;
  readonly application: string;
  readonly inbox: string | false;
  /** The working directory: the application and every relative path are looked for there. */
  readonly directory: string;
  /** The application may turn out to be a bot's program. */
  readonly mayBeProgram: boolean;
  /** Number of workers if it does: one, unless more are asked for. What a program does beside its bot is done in each. */
  readonly programWorkers: number;
  /** The bot's own variable in which the token was found; undefined if it was given to the server. */
  readonly tokenVariable: string | undefined;
  /** Oddities of the configuration that are no errors, one line each. */
  readonly warnings: readonly string[];
};

/**
 * The options in the units of the code. Durations are milliseconds and sizes are bytes. A number that is off is `Infinity`, so that
 * a comparison needs no special case. An address, a URL or a file that is off is `false`.
 *
 * Options without a default are undefined where no source gives them.
 */
export type ConfigValues = { readonly [Key in Exclude<OptionKey, Indirect | Needed>]: ConfigValueOf<Key> } & {
  readonly [Key in Needed]: ConfigValueOf<Key> | undefined;
};

type ConfigValueOf<Key extends OptionKey> = ValueOf<Key> extends number | false ? number : ValueOf<Key>;

type Needed = "token" | "application" | "inbox" | "inboxPasswordFile" | "inboxPasswordCommand" | "nodeName";

/** Options that only set another option, or name its file. */
const INDIRECT = ["config", "tokenFile", "verbosity"] as const satisfies OptionKey[];

type Indirect = (typeof INDIRECT)[number];

/** @throws ConfigError for the first option that cannot be used, or is missing */
export async function resolveConfig(sources: Sources): Promise<Config> {
  const { settings, warnings } = await resolveSettings(sources);
  if (settings.application.value === undefined) {
    throw new ConfigError(
      "no application given: name it, as in asgigram path/to/app.ts:application, or set ASGIGRAM_APPLICATION; asgigram --help tells more",
    );
  }
  if (settings.token.value === undefined) {
    throw new ConfigError(
      `no bot token given: set ASGIGRAM_TOKEN, or name a file that holds it with --token-file; ${describeSearch(sources.env, sources.cwd)}; @BotFather gives one, and asgigram simulate <application> needs none`,
    );
  }
  return freeze({
    ...configValues(settings),
    directory: sources.cwd,
    mayBeProgram: mayBeProgram(settings.application.value, sources.cwd),
    programWorkers: programWorkers(settings),
    tokenVariable: settings.token.source === sources.ownToken?.variable ? sources.ownToken?.variable : undefined,
    warnings,
  } as Config);
}

/** Workers of a bot's program: one, unless more are asked for. */
export function programWorkers({ workers }: Pick<Settings, "workers">): number {
  return workers.source === undefined ? 1 : workers.value!;
}

/** Converts settings from the user's units to those of the code: the only place that does. */
export function configValues(settings: Settings): ConfigValues {
  const keys = OPTION_KEYS.filter((key) => !(INDIRECT as readonly string[]).includes(key));
  return Object.fromEntries(
    keys.map((key) => [key, normalised(optionAt(key), settings[key].value)]),
  ) as unknown as ConfigValues;
}

/** Size of the user's units in those of the code. */
const FACTORS: { readonly [unit: string]: number } = { seconds: 1000, megabytes: 2 ** 20 };

function normalised({ type, unit = "" }: Option, value: unknown): unknown {
  if (type !== "integer" && type !== "number") return value;
  return value === false ? Number.POSITIVE_INFINITY : (value as number) * (FACTORS[unit] ?? 1);
}

function freeze(config: Config): Config {
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}
