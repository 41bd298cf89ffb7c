/** A task of `asgigram inbox`, parsed from its arguments. */

import { quote } from "../../config/quote.ts";
import type { Filter, Which } from "../../inbox/dead-letters.ts";
import { ConfigError } from "../../protocol/errors.ts";
import { nearest } from "../../protocol/nearest.ts";

/** A task about dead letters and stored chats. */
export type LetterTask =
  | { readonly action: "list"; readonly filter: Filter; readonly json: boolean }
  | { readonly action: "show"; readonly id: number; readonly json: boolean }
  | { readonly action: "retry"; readonly which: Which; readonly fresh?: true }
  | { readonly action: "drop"; readonly which: Which }
  | { readonly action: "forget"; readonly chat: number };

/** A task about an inbox in a database as a whole. */
export type DatabaseTask =
  | { readonly action: "migrate"; readonly role?: string }
  | { readonly action: "copy"; readonly from: string; readonly to: string };

export type InboxTask = LetterTask | DatabaseTask;

type Action = InboxTask["action"];

const FILTERS = ["since", "error", "chat"];

/** The actions and their flags. */
const FLAGS_OF: { readonly [Name in Action]: readonly string[] } = {
  list: ["json", ...FILTERS],
  show: ["json"],
  retry: ["all", "fresh", ...FILTERS],
  drop: ["all", ...FILTERS],
  forget: [],
  migrate: [],
  copy: [],
};

export const INBOX_ACTIONS = Object.keys(FLAGS_OF);

/**
 * @param switches the switches that are on
 * @param values the flags with a value
 * @param now milliseconds since 1970
 * @throws ConfigError
 */
export function readInboxTask(
  [word, ...rest]: readonly string[],
  switches: ReadonlySet<string>,
  values: ReadonlyMap<string, string> = new Map(),
  now = Date.now(),
): InboxTask {
  const action = readAction(word);
  refuseFlags(action, [...switches, ...values.keys()]);
  const filter = readFilter(values, now);
  const json = switches.has("json");
  if (action === "forget") return { action, chat: readOnlyChat(rest) };
  if (action === "migrate") return { action, ...readRole(rest) };
  if (action === "copy") return { action, ...readCopy(rest) };
  const ids = rest.map(readId);
  switch (action) {
    case "list":
      if (ids.length > 0)
        throw new ConfigError(`list takes no ID; to show one dead letter, use asgigram inbox show ${ids[0]}`);
      return { action, filter, json };
    case "show":
      if (ids.length !== 1) throw new ConfigError(`show takes the ID of one dead letter, not ${ids.length}`);
      return { action, id: ids[0]!, json };
    case "retry":
    case "drop": {
      const which = readWhich(action, ids, switches.has("all"), filter);
      return action === "retry" && switches.has("fresh") ? { action, which, fresh: true } : { action, which };
    }
  }
}

function readAction(word: string | undefined): Action {
  if (word === undefined) throw new ConfigError(`asgigram inbox needs an action: ${CHOICE}`);
  if (Object.hasOwn(FLAGS_OF, word)) return word as Action;
  const guess = nearest(word, INBOX_ACTIONS);
  throw new ConfigError(
    `asgigram inbox has no action ${quote(word)}${guess === undefined ? `: the actions are ${CHOICE}` : `; did you mean ${guess}?`}`,
  );
}

const CHOICE = "list, show ID, retry ID, drop ID, forget CHAT, migrate and copy FROM TO; see asgigram inbox --help";

function readRole(words: readonly string[]): { role?: string } {
  if (words.length > 1) throw new ConfigError(`migrate takes one role of the database at most, not ${words.length}`);
  return words[0] === undefined ? {} : { role: words[0] };
}

function readCopy(words: readonly string[]): { from: string; to: string } {
  const [from, to] = words;
  if (from === undefined || to === undefined || words.length > 2)
    throw new ConfigError(
      "copy takes the file of an inbox and the address of a database, in either order: asgigram inbox copy FROM TO",
    );
  return { from, to };
}

function refuseFlags(action: Action, flags: readonly string[]): void {
  for (const name of flags) {
    if (FLAGS_OF[action].includes(name)) continue;
    const others = Object.entries(FLAGS_OF).flatMap(([other, names]) => (names.includes(name) ? [other] : []));
    throw new ConfigError(`--${name} is for ${new Intl.ListFormat("en-GB").format(others)}, not for ${action}`);
  }
}

function readFilter(values: ReadonlyMap<string, string>, now: number): Filter {
  const [since, error, chat] = FILTERS.map((name) => values.get(name));
  return {
    ...(since !== undefined && { since: readTime(since, now) }),
    ...(error !== undefined && { error }),
    ...(chat !== undefined && { chat: readChat(chat) }),
  };
}

const UNITS: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time before now, or a date. A date without a zone is local, as in the list. */
function readTime(word: string, now: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(word) ?? [];
  if (unit !== undefined) return now - Number(count) * UNITS[unit]!;
  const time = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(word.length === 10 ? `${word}T00:00` : word) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new ConfigError(`--since ${quote(word)} is no time: write 30m, 2h, 7d or a date such as 2026-05-01T14:30`);
}

function readOnlyChat(words: readonly string[]): number {
  if (words.length !== 1) throw new ConfigError(`forget takes the id of one chat, not ${words.length}`);
  return readChat(words[0]!);
}

function readChat(word: string): number {
  const chat = /^-?\d+$/.test(word) ? Number(word) : Number.NaN;
  if (Number.isSafeInteger(chat)) return chat;
  throw new ConfigError(`${quote(word)} is not the id of a chat: it is a whole number, negative for a group`);
}

function readId(word: string): number {
  const id = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new ConfigError(`${quote(word)} is not an ID: an ID is a whole number from asgigram inbox list`);
}

function readWhich(action: Action, ids: readonly number[], all: boolean, filter: Filter): Which {
  const hasFilter = Object.keys(filter).length > 0;
  if (all && ids.length > 0) throw new ConfigError(`${action} takes IDs or --all, not both`);
  if (hasFilter && (all || ids.length > 0))
    throw new ConfigError(`${action} takes IDs, --all, or --since, --error and --chat: one of the three`);
  if (!all && !hasFilter && ids.length === 0)
    throw new ConfigError(`${action} needs the ID of a dead letter, or --all; --since, --error and --chat choose some`);
  return ids.length === 0 ? filter : [...new Set(ids)];
}
