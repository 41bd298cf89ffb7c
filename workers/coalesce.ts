/**
 * Coalescing: of two waiting calls with the same key, only the newer is worth sending. An edit asks for it with
 * `asgigram: { coalesce: true }`; drafts and chat actions have it unless they say `false`.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { typeOf } from "../src/protocol/method-names.ts";
import { METHODS } from "../src/protocol/method-table.ts";
import { kindOfValue } from "./kind-of-value.ts";

interface Rule {
  readonly methods: RegExp;
  /** The parameters that name the message, beside the chat. */
  readonly names: readonly string[];
  readonly isDefault: boolean;
}

const RULES: readonly Rule[] = [
  { methods: /^editMessage/, names: ["message_id", "inline_message_id"], isDefault: false },
  { methods: /^editEphemeralMessage/, names: ["receiver_user_id", "ephemeral_message_id"], isDefault: false },
  { methods: /^send\w*Draft$/, names: ["message_thread_id", "draft_id"], isDefault: true },
  { methods: /^sendChatAction$/, names: ["message_thread_id", "action"], isDefault: true },
];

const RULE_OF = new Map(Object.keys(METHODS).map((method) => [method, ruleFor(method)]));

/**
 * @param given the value of the event's key `asgigram`
 * @param lane destination of the call
 * @returns a key made of method, chat and message; undefined for a call that is made in any case
 * @throws InvalidEventError for an option that is unknown, or that the method does not have
 */
export function coalesceKey(
  given: unknown,
  method: string,
  lane: string | undefined,
  parameters: Record<string, unknown>,
): string | undefined {
  const rule = RULE_OF.get(method) ?? (given === undefined ? undefined : ruleFor(method));
  if (rule === undefined && given === undefined) return undefined;
  const asked = given === undefined ? undefined : optionIn(given);
  if (asked === true && rule === undefined) {
    const message = `${typeOf(method)} is never coalesced: only edits, drafts and chat actions are`;
    throw new InvalidEventError(message, "asgigram.coalesce");
  }
  if (rule === undefined || lane === undefined || !(asked ?? rule.isDefault)) return undefined;
  const names = rule.names.map((name) => parameters[name]);
  // Telegram refuses a call that names no message.
  return names.every((name) => name === undefined) ? undefined : JSON.stringify([method, lane, ...names]);
}

function ruleFor(method: string): Rule | undefined {
  return RULES.find(({ methods }) => methods.test(method));
}

/** @returns the value of `coalesce` */
function optionIn(given: unknown): boolean | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidEventError(
      `"asgigram" must be an object such as { coalesce: true }, not ${kindOfValue(given)}`,
      "asgigram",
    );
  }
  for (const key of Object.keys(given)) {
    if (key === "coalesce") continue;
    const message = `"asgigram.${key}" is no option of asgigram; the only one is "coalesce"`;
    throw new InvalidEventError(message, `asgigram.${key}`);
  }
  const { coalesce } = given as { coalesce?: unknown };
  if (coalesce === undefined || typeof coalesce === "boolean") return coalesce;
  const message = `"asgigram.coalesce" must be true or false, not ${kindOfValue(coalesce)}`;
  throw new InvalidEventError(message, "asgigram.coalesce");
}
