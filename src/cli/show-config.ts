/** Every setting and its source, as a table or as JSON. No secret is shown. */

import { defaultOf, OPTION_KEYS, type OptionKey, optionAt } from "../config/options.ts";
import { withoutSecrets } from "../config/quote.ts";
import type { ResolvedSettings, Setting, Settings } from "../config/settings.ts";
import { botIdOf } from "../config/token.ts";
import type { Value } from "../config/value.ts";

export function showConfig({ settings, warnings }: ResolvedSettings, asJson: boolean): string {
  const shown = Object.fromEntries(OPTION_KEYS.map((key) => [key, shownSetting(key, settings)]));
  if (asJson) return JSON.stringify({ settings: shown, warnings }, jsonValue, 2);
  const rows = OPTION_KEYS.map((key) => [key, shown[key]!.source ?? "default", wordsFor(key, shown[key]!)]);
  const table = aligned([["OPTION", "FROM", "VALUE"], ...rows]);
  return warnings.length === 0 ? table : `${table}\n\n${warnings.map((warning) => `Warning: ${warning}`).join("\n")}`;
}

function shownSetting(key: OptionKey, settings: Settings): Setting<Value> {
  const { value, source } = settings[key] as Setting<Value>;
  if (typeof value !== "string") return { value, source };
  return { value: key === "token" ? `${botIdOf(value)}:<token>` : withoutSecrets(value), source };
}

/** A value that is not set is null. */
function jsonValue(_key: string, value: unknown): unknown {
  return value ?? null;
}

function wordsFor(key: OptionKey, { value, source }: Setting<Value>): string {
  const { defaultText } = optionAt(key);
  if (value === undefined) return defaultText ?? "not set";
  if (source === undefined && Array.isArray(value) && defaultText !== undefined) return defaultText;
  return value === true ? "on" : defaultOf({ default: value })!;
}

/** Pads all columns but the last. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}
