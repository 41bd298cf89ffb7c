/**
 * The sources of options, highest precedence first: flags, options of a program, environment variables, the configuration file,
 * defaults.
 */

import { ConfigError } from "../protocol/errors.ts";
import { OptionLayers } from "./option-layers.ts";
import { environmentOf, flagOf, isOptionKey, OPTION_KEYS, type OptionKey, optionAt } from "./options.ts";
import type { OwnToken } from "./own-token.ts";

/** Raw values of options by key: text, or values as in the configuration file. Undefined values count as absent. */
export type Values = { readonly [Key in OptionKey]?: unknown };

export interface Sources {
  readonly flags?: Values;
  /** Options of a program that calls `serve`, or of a command that must not use the real bot's settings. */
  readonly options?: Values;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  /** The token as the bot's own program reads it. */
  readonly ownToken?: OwnToken | undefined;
  /** Override the defaults of the table. */
  readonly defaults?: Values;
}

/** Collects the layers of all sources. @throws ConfigError for a configuration file that cannot be used */
export async function gather(sources: Sources): Promise<OptionLayers> {
  const { flags = {}, options = {}, env, cwd, ownToken, defaults = {} } = sources;
  const layers = new OptionLayers(cwd);
  layers.add(flags, nameOnCommandLine);
  layers.add(options, (key) => `the option ${key}`);
  layers.add(fromEnvironment(env), environmentOf);
  await addFile(layers);
  layers.add({ token: ownToken?.token }, () => String(ownToken?.variable));
  layers.add(defaults, (key) => `the default of ${key}`);
  return layers;
}

function nameOnCommandLine(key: string): string {
  return isOptionKey(key) && optionAt(key).positional ? `the argument <${key}>` : `--${flagOf(key)}`;
}

/** An empty variable counts as unset: `docker run -e NAME=` and an unset variable in a compose file are empty. */
function fromEnvironment(env: Sources["env"]): Values {
  return Object.fromEntries(OPTION_KEYS.map((key) => [key, env[environmentOf(key)] || undefined]));
}

async function addFile(layers: OptionLayers): Promise<void> {
  const entry = layers.find("config");
  if (entry === undefined) return;
  const path = layers.valueOf(entry) as string;
  const { readConfigFile } = await import("./file.ts");
  const values = await readConfigFile(path, entry.source);
  for (const key of OPTION_KEYS) {
    const reason = optionAt(key).notInFile;
    if (reason !== undefined && Object.hasOwn(values, key)) {
      throw new ConfigError(`${key} is not allowed in ${path}: ${reason}`);
    }
  }
  layers.add(values, (key) => `${key} in ${path}`);
}
