/**
 * Parses raw values of options. Text from a flag or the environment and a value from the configuration file are parsed alike:
 * `4` and `"4"` are the same number of workers.
 */

import { resolve } from "node:path";
import { isDatabaseAddress, parseDatabaseAddress } from "../protocol/database-address.ts";
import { ConfigError } from "../protocol/errors.ts";
import type { Option } from "./options.ts";
import { quote } from "./quote.ts";

export type Value = string | number | boolean | readonly string[];

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
const OFF = new Set(["off", "no", "false"]);
const ON = new Set(["on", "yes", "true", "1"]);
/** An update kind, as Telegram names it. An unknown kind may be newer than this code. */
const KIND = /^[a-z][a-z0-9_]*$/;
/** https://core.telegram.org/bots/api#botcommand */
const COMMAND = /^\/[a-z0-9_]{1,32}$/;
/** A package, a file relative to the directory (`./register.mjs`), or a URL. */
const MODULE = /^[^\s\0]+$/;

/**
 * @param source the option's name in the source of the value: `--workers`, `ASGIGRAM_WORKERS`, `workers in /x/conf.json`
 * @param directory base of relative paths
 * @throws ConfigError; the message names the source, the value, and the expected values
 */
export function readValue(option: Option, raw: unknown, source: string, directory: string): Value {
  const written = typeof raw === "string" ? raw.trim() : raw;
  if (written === "") throw new ConfigError(`${source} needs a value: ${expected(option)}`);
  const value = isOff(option, written) ? false : readers[option.type](written, option, directory);
  if (value === undefined) throw new ConfigError(`${source} is ${quote(raw)}: it must be ${expected(option)}`);
  return value;
}

/** The valid values of this option, in words. */
export function expected(option: Option): string {
  const words = expectations[option.type](option);
  return option.canBeOff ? `${words}, or off` : words;
}

function isOff(option: Option, written: unknown): boolean {
  return option.canBeOff === true && (written === false || (typeof written === "string" && OFF.has(written)));
}

/** Each returns undefined for an invalid value. */
const readers: Record<Option["type"], (raw: unknown, option: Option, directory: string) => Value | undefined> = {
  string: text,
  path: (raw, _, directory) => {
    const path = text(raw);
    return path === undefined ? undefined : resolve(directory, path);
  },
  inbox: (raw, option, directory) => {
    if (!isDatabaseAddress(raw)) return readers.path(raw, option, directory);
    parseDatabaseAddress(raw);
    return raw;
  },
  url: (raw) => apiUrl(text(raw)),
  proxy: (raw) => proxyUrl(text(raw)),
  address: (raw) => listenAddress(typeof raw === "number" ? String(raw) : text(raw)),
  integer: (raw, option) => number(raw, option, Number.isSafeInteger),
  number: (raw, option) => number(raw, option, Number.isFinite),
  boolean: (raw) => {
    if (typeof raw === "boolean") return raw;
    const word = typeof raw === "object" ? "" : String(raw).toLowerCase();
    if (ON.has(word)) return true;
    return OFF.has(word) || word === "0" ? false : undefined;
  },
  choice: (raw, option) => option.choices!.find((choice) => choice === (typeof raw === "number" ? String(raw) : raw)),
  list: (raw) => wordsOf(raw, KIND),
  commands: (raw) => (Array.isArray(raw) && raw.length === 0 ? [] : wordsOf(raw, COMMAND)),
  modules: (raw) => (Array.isArray(raw) && raw.length === 0 ? [] : wordsOf(raw, MODULE)),
};

const expectations: Record<Option["type"], (option: Option) => string> = {
  string: () => "text",
  path: () => "a path",
  inbox: () => "a path, or the address of a database: postgres://user@host/database",
  url: (option) => `an http or https URL, such as ${option.example}, without user name, query or fragment`,
  proxy: () => "a proxy's URL: http://, https:// or socks5://, then [user:password@]host:port",
  address: () => "an address to listen on, such as 127.0.0.1:8082, [::1]:8082, or :8082 for every interface",
  integer: (option) => `a whole number${unit(option)}${range(option)}`,
  number: (option) => `a number${unit(option)}${range(option)}`,
  boolean: () => "yes or no",
  choice: (option) => `one of ${option.choices!.join(", ")}`,
  list: () => "update kinds separated by commas, such as message,callback_query",
  commands: () => "commands separated by commas, such as /stop,/cancel",
  modules: () => "packages or files separated by commas, such as tsx,./register.mjs",
};

function unit({ unit }: Option): string {
  return unit === undefined ? "" : ` of ${unit}`;
}

function range({ min, max }: Option): string {
  if (min === undefined) return max === undefined ? "" : ` up to ${max}`;
  return max === undefined ? `, at least ${min}` : ` from ${min} to ${max}`;
}

function text(raw: unknown): string | undefined {
  return typeof raw === "string" && !raw.includes("\0") ? raw : undefined;
}

/** Strips trailing slashes; keeps a path, for API servers behind a reverse proxy. */
function apiUrl(raw: string | undefined): string | undefined {
  const url = URL.parse(raw ?? "");
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined;
  return url.href.replace(/\/+$/, "");
}

function proxyUrl(raw: string | undefined): string | undefined {
  const url = URL.parse(raw ?? "");
  if (url === null || !/^(?:https?|socks5h?):$/.test(url.protocol) || url.hostname === "") return undefined;
  return url.search === "" && url.hash === "" && /^\/?$/.test(url.pathname) ? url.href.replace(/\/$/, "") : undefined;
}

const LISTEN_ADDRESS = /^(?:(\[[\da-f:.]+\]|[\w.-]*):)?(\d+)$/i;

/** A port alone is on loopback; `:port` is on every interface. */
function listenAddress(raw: string | undefined): string | undefined {
  const [, host = "127.0.0.1", port] = LISTEN_ADDRESS.exec(raw ?? "") ?? [];
  if (port === undefined || Number(port) > 65_535) return undefined;
  return `${host || "[::]"}:${Number(port)}`;
}

/** True if the word after a flag with an optional value is that value, valid or not. */
export function isListenAddress(word: string): boolean {
  return LISTEN_ADDRESS.test(word);
}

function number(raw: unknown, { min, max }: Option, isRight: (value: unknown) => boolean): number | undefined {
  const value = typeof raw === "string" && NUMBER.test(raw) ? Number(raw) : raw;
  if (typeof value !== "number" || !isRight(value)) return undefined;
  return value >= (min ?? value) && value <= (max ?? value) ? value : undefined;
}

/** @param form of each word */
function wordsOf(raw: unknown, form: RegExp): readonly string[] | undefined {
  const items: unknown[] = (Array.isArray(raw) ? raw : [raw]).flatMap((item) =>
    typeof item === "string" ? item.split(",").map((word) => word.trim()) : [item],
  );
  const words = items.filter((item) => item !== "");
  const areRight = words.every((word): word is string => typeof word === "string" && form.test(word));
  return areRight && words.length > 0 ? [...new Set(words)] : undefined;
}
