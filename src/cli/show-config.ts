/** Every setting and its source, and the machine, as a table or as JSON. No secret is shown. */

import { getHeapStatistics } from "node:v8";
import { MACHINE, type Machine } from "../config/machine.ts";
import { defaultOf, OPTION_KEYS, type OptionKey, optionAt } from "../config/options.ts";
import { withoutSecrets } from "../config/quote.ts";
import type { Setting, Settings } from "../config/setting.ts";
import type { ResolvedSettings } from "../config/settings.ts";
import { botIdOf } from "../config/token.ts";
import type { Value } from "../config/value.ts";
import { aligned } from "./aligned.ts";

export function showConfig(
  { settings, warnings }: ResolvedSettings,
  asJson: boolean,
  machine: Machine = MACHINE,
): string {
  const shown = Object.fromEntries(OPTION_KEYS.map((key) => [key, shownSetting(key, settings)]));
  const heaps = heapsOf(settings);
  if (asJson) return JSON.stringify({ settings: shown, machine: { ...machine, heaps }, warnings }, jsonValue, 2);
  const rows = OPTION_KEYS.map((key) => [key, shown[key]!.source ?? "default", wordsFor(key, shown[key]!)]);
  const table = aligned([["OPTION", "FROM", "VALUE"], ...rows]).join("\n");
  const complaints = warnings.map((warning) => `Warning: ${warning}`).join("\n");
  return [table, wordsForMachine(machine, settings.workers.value!, heaps), complaints].filter(Boolean).join("\n\n");
}

/** The most that the heaps of all workers may take together: bytes. */
function heapsOf({ workers, workerMemory }: Settings): number {
  const { value } = workerMemory;
  const heap = typeof value === "number" ? value * 2 ** 20 : getHeapStatistics().heap_size_limit;
  return workers.value! * heap;
}

function wordsForMachine({ cores, quota, memory }: Machine, workers: number, heaps: number): string {
  const words = [
    cores === 1 ? "1 core" : `${cores} cores`,
    quota === undefined ? "no CPU quota" : `a CPU quota of ${quota}`,
    memory === undefined ? "no memory limit" : `a memory limit of ${megabytes(memory)} MB`,
    `heaps of ${workers === 1 ? "1 worker" : `${workers} workers`} up to ${megabytes(heaps)} MB`,
  ];
  return `Machine: ${words.join(", ")}`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
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
