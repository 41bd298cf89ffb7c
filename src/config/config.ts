/** The configuration of a server: every option of options.ts with the value that counts. */

import { ConfigError } from "../protocol/errors.ts";
import { OPTION_KEYS, type OptionKey, type ValueOf } from "./options.ts";
import { settle } from "./settings.ts";
import type { Sources, Values } from "./sources.ts";

export type { Sources, Values };

/** Frozen, and so is all that is in it. */
export type Config = { readonly [Key in Exclude<OptionKey, Indirect>]: ValueOf<Key> } & {
  /** The working directory: the application and every relative path are looked for there. */
  readonly directory: string;
  /** What is odd but no error, a line each. */
  readonly warnings: readonly string[];
};

/** What only says where or how another option is given. */
const INDIRECT = ["config", "tokenFile", "verbosity"] as const satisfies OptionKey[];

type Indirect = (typeof INDIRECT)[number];

/** @throws ConfigError for the first option that cannot be used, or is missing */
export async function resolveConfig(sources: Sources): Promise<Config> {
  const { settings, warnings } = await settle(sources);
  if (settings.application.value === undefined) {
    throw new ConfigError(
      "no application given: name it, as in asgigram path/to/app.ts:application, or set ASGIGRAM_APPLICATION; asgigram --help tells more",
    );
  }
  if (settings.token.value === undefined) {
    throw new ConfigError(
      "no bot token given: set ASGIGRAM_TOKEN, or name a file that holds it with --token-file; @BotFather gives one, and asgigram simulate <application> needs none",
    );
  }
  const keys = OPTION_KEYS.filter((key) => !(INDIRECT as readonly string[]).includes(key));
  const values = Object.fromEntries(keys.map((key) => [key, settings[key].value]));
  return freeze({ ...values, directory: sources.cwd, warnings } as Config);
}

function freeze(config: Config): Config {
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}
