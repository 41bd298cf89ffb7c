/** Checks the parameters of an action that comes over HTTP. */

import { ActionError, type ActionName, type Takes } from "../clients/actions/actions.ts";
import { ACTION_TABLE, type Optional } from "./action-table.ts";
import { type JsonSchema, mismatch } from "./json-schema.ts";

/** @throws ActionError that names the parameter */
export function checkParameters<A extends ActionName>(action: A, given: unknown): Takes<A> {
  const problem = mismatch(given, {}) === undefined ? problemOf(action, given as object) : "parameters are an object";
  if (problem !== undefined) throw new ActionError(`${action}: ${problem}`);
  return given as Takes<A>;
}

function problemOf(action: ActionName, given: object): string | undefined {
  const fields = Object.entries(ACTION_TABLE[action].takes as Record<string, JsonSchema | Optional>);
  const known = fields.map(([name]) => name);
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger !== undefined) return `there is no parameter ${stranger}, but ${known.join(", ")}`;
  for (const [name, field] of fields) {
    const value = (given as Record<string, unknown>)[name];
    const isOptional = "optional" in field;
    if (value === undefined && isOptional) continue;
    if (value === undefined) return `${name} is missing`;
    const wanted = mismatch(value, isOptional ? field.optional : field);
    if (wanted !== undefined) return `${name} must be ${wanted}`;
  }
  return undefined;
}
