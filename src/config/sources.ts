/**
 * Where options come from: flags count before what a program settles, that before environment variables, those before the
 * configuration file.
 */

import { ConfigError } from "../protocol/errors.ts";
import { OptionLayers } from "./option-layers.ts";
import { environmentOf, flagOf, isOptionKey, OPTION_KEYS, type OptionKey, optionAt } from "./options.ts";

/** Options by their keys: text as somebody wrote it, or values. What is undefined is absent. */
export type Values = { readonly [Key in OptionKey]?: unknown };

export interface Sources {
  readonly flags?: Values;
  /** From a program that calls `serve`, or from a command that leaves the real bot's settings alone. */
  readonly options?: Values;
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  /** Instead of those in the table. */
  readonly defaults?: Values;
}

/** @throws ConfigError for a configuration file that cannot be used */
export async function gather({ flags = {}, options = {}, env, cwd, defaults = {} }: Sources): Promise<OptionLayers> {
  const layers = new OptionLayers(cwd);
  layers.add(flags, nameOnCommandLine);
  layers.add(options, (key) => `the option ${key}`);
  layers.add(fromEnvironment(env), environmentOf);
  await addFile(layers);
  layers.add(defaults, (key) => `the default of ${key}`);
  return layers;
}

function nameOnCommandLine(key: string): string {
  return isOptionKey(key) && optionAt(key).positional ? `the argument <${key}>` : `--${flagOf(key)}`;
}

/** An empty variable counts as unset: it is what `docker run -e NAME=` and an unset variable in a compose file give. */
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
      throw new ConfigError(`${key} cannot stand in ${path}: ${reason}`);
    }
  }
  layers.add(values, (key) => `${key} in ${path}`);
}
