/** A setting: the value in force of an option, and its source. */

import type { OptionKey, ValueOf } from "./options.ts";

export interface Setting<Type> {
  readonly value: Type | undefined;
  /** The name of the option in the source of the value: `--workers`; undefined for a default. */
  readonly source: string | undefined;
}

export type Settings = { readonly [Key in OptionKey]: Setting<ValueOf<Key>> };
