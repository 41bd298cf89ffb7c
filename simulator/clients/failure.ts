/** Explains an expectation that failed: what came instead, and what the bot called meanwhile. */

import { AssertionError } from "node:assert";
import { inspect } from "node:util";
import type { RecordedCall } from "../state/call-log.ts";
import type { Perform, Trace } from "./actions/actions.ts";
import { type Comparison, difference } from "./matching.ts";

/** @param comparison of what came with what was expected; without one, nothing came */
export async function failure(perform: Perform, reason: string, comparison?: Comparison): Promise<AssertionError> {
  const diff = comparison === undefined ? [] : [difference(comparison)];
  // Without `actual` and `expected`: runners would show the difference twice.
  return new AssertionError({ message: [reason, ...diff, ...explain(await perform("trace", {}))].join("\n") });
}

/** Calls that are shown, the latest. */
const SHOWN = 20;

/** Lines about what the bot did since the last action of a user. */
export function explain({ calls, pending, hasAsked, excluded, url }: Trace): string[] {
  const lines: string[] = [];
  if (!hasAsked) lines.push(`no bot has asked for updates: it must use the URL ${url} and the simulator's token`);
  if (calls.length === 0) lines.push("since the last action of a user, the bot called nothing");
  else lines.push("since the last action of a user, the bot called", ...calls.slice(-SHOWN).flatMap(describe));
  if (calls.length > SHOWN) lines.push(`  and ${calls.length - SHOWN} times before these`);
  if (pending > 0 && hasAsked)
    lines.push(`the bot has not confirmed ${pending === 1 ? "an update" : `${pending} updates`}`);
  for (const kind of new Set(excluded)) lines.push(`the bot's allowed_updates do not have ${kind}`);
  return lines;
}

function describe({ method, parameters, error, status }: RecordedCall): string[] {
  const values = inspect(parameters, { breakLength: Infinity, depth: 6, maxStringLength: 200, maxArrayLength: 20 });
  const call = `  ${method} ${values}`;
  if (status === undefined) return [call, "    without an answer yet"];
  return status === 200 ? [call] : [call, `    ${status} ${clean(error ?? "without an answer of the Bot API")}`];
}

/** A description may have control characters from the bot's text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression removes them
const clean = (text: string) => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ");
