/** Option values by source, highest precedence first. */

import { ConfigError } from "../protocol/errors.ts";
import { nearest } from "../protocol/nearest.ts";
import { isOptionKey, OPTION_KEYS, type OptionKey, optionAt } from "./options.ts";
import { readValue, type Value } from "./value.ts";

/** One option in one source. */
export interface OptionEntry {
  readonly key: OptionKey;
  readonly raw: unknown;
  /** The name of the option in that source: `--workers`, `ASGIGRAM_WORKERS`, `workers in /x/conf.json`. */
  readonly source: string;
  /** 0 takes precedence over 1. */
  readonly layer: number;
}

export class OptionLayers {
  readonly #directory: string;
  readonly #layers: Map<OptionKey, OptionEntry>[] = [];

  /** @param directory base of relative paths */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Adds a layer of lower precedence than all before. Undefined values count as absent.
   * @throws ConfigError for an unknown option
   */
  add(values: { readonly [key: string]: unknown }, nameOf: (key: string) => string): void {
    const layer = new Map<OptionKey, OptionEntry>();
    for (const [key, raw] of Object.entries(values)) {
      if (!isOptionKey(key)) throw unknownOption(nameOf(key), nearest(key, OPTION_KEYS));
      if (raw !== undefined) layer.set(key, { key, raw, source: nameOf(key), layer: this.#layers.length });
    }
    this.#layers.push(layer);
  }

  find(key: OptionKey): OptionEntry | undefined {
    return this.#layers.find((layer) => layer.has(key))?.get(key);
  }

  /**
   * For two options that set the same thing: the entry of higher precedence.
   * @throws ConfigError if one layer has both
   */
  findEither(one: OptionKey, other: OptionKey): OptionEntry | undefined {
    const [a, b] = [this.find(one), this.find(other)];
    if (a === undefined || b === undefined) return a ?? b;
    if (a.layer === b.layer) throw new ConfigError(`${a.source} and ${b.source} set the same thing: keep one of them`);
    return a.layer < b.layer ? a : b;
  }

  /**
   * The value in force, or the default.
   * @throws ConfigError
   */
  read(key: OptionKey): Value | undefined {
    const entry = this.find(key);
    return entry === undefined ? (optionAt(key).default as Value | undefined) : this.valueOf(entry);
  }

  /** @throws ConfigError */
  valueOf({ key, raw, source }: OptionEntry): Value {
    return readValue(optionAt(key), raw, source, this.#directory);
  }
}

/** @param command its help lists the known options */
export function unknownOption(name: string, guess: string | undefined, command = "asgigram"): ConfigError {
  return new ConfigError(
    `unknown option ${name}; ${guess === undefined ? `${command} --help lists them all` : `did you mean ${guess}?`}`,
  );
}
