/** A task of `asgigram inbox`, parsed from its arguments. */

import { quote } from "../../config/quote.ts";
import { ConfigError } from "../../protocol/errors.ts";
import { nearest } from "../../protocol/nearest.ts";

export type InboxTask =
  | { readonly action: "list"; readonly json: boolean }
  | { readonly action: "show"; readonly id: number; readonly json: boolean }
  | { readonly action: "retry" | "drop"; readonly which: readonly number[] | "all" };

type Action = InboxTask["action"];

/** The actions and their switches. */
const SWITCHES_OF: { readonly [Name in Action]: readonly string[] } = {
  list: ["json"],
  show: ["json"],
  retry: ["all"],
  drop: ["all"],
};

export const INBOX_ACTIONS = Object.keys(SWITCHES_OF);

/**
 * @param switches the switches that are on
 * @throws ConfigError
 */
export function readInboxTask([word, ...rest]: readonly string[], switches: ReadonlySet<string>): InboxTask {
  const action = readAction(word);
  refuseSwitches(action, switches);
  const ids = rest.map(readId);
  const json = switches.has("json");
  switch (action) {
    case "list":
      if (ids.length > 0)
        throw new ConfigError(`list takes no ID; to show one dead letter, use asgigram inbox show ${ids[0]}`);
      return { action, json };
    case "show":
      if (ids.length !== 1) throw new ConfigError(`show takes the ID of one dead letter, not ${ids.length}`);
      return { action, id: ids[0]!, json };
    case "retry":
    case "drop":
      return { action, which: readWhich(action, ids, switches.has("all")) };
  }
}

function readAction(word: string | undefined): Action {
  if (word === undefined) throw new ConfigError(`asgigram inbox needs an action: ${CHOICE}`);
  if (Object.hasOwn(SWITCHES_OF, word)) return word as Action;
  const guess = nearest(word, INBOX_ACTIONS);
  throw new ConfigError(
    `asgigram inbox has no action ${quote(word)}${guess === undefined ? `: the actions are ${CHOICE}` : `; did you mean ${guess}?`}`,
  );
}

const CHOICE = "list, show ID, retry ID and drop ID; see asgigram inbox --help";

function refuseSwitches(action: Action, switches: ReadonlySet<string>): void {
  for (const name of switches) {
    if (SWITCHES_OF[action].includes(name)) continue;
    const others = Object.entries(SWITCHES_OF).flatMap(([other, names]) => (names.includes(name) ? [other] : []));
    throw new ConfigError(`--${name} is for ${others.join(" and ")}, not for ${action}`);
  }
}

function readId(word: string): number {
  const id = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new ConfigError(`${quote(word)} is not an ID: an ID is a whole number from asgigram inbox list`);
}

function readWhich(action: Action, ids: readonly number[], all: boolean): readonly number[] | "all" {
  if (all && ids.length > 0) throw new ConfigError(`${action} takes IDs or --all, not both`);
  if (!all && ids.length === 0) throw new ConfigError(`${action} needs the ID of a dead letter, or --all`);
  return all ? "all" : [...new Set(ids)];
}
