/**
 * Coalescing: of two waiting calls with the same key, only the newer is worth sending. An edit asks for it with
 * `asgigram: { coalesce: true }`; drafts and chat actions have it unless they say `false`.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { typeOf } from "../src/protocol/method-names.ts";
import { METHODS } from "../src/protocol/method-table.ts";

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
 * @param asked the event's own word; undefined if it has none
 * @param lane destination of the call
 * @returns a key made of method, chat and message; undefined for a call that is made in any case
 * @throws InvalidEventError if the method has no such option
 */
export function coalesceKey(
  asked: boolean | undefined,
  method: string,
  lane: string | undefined,
  parameters: Record<string, unknown>,
): string | undefined {
  const rule = RULE_OF.get(method) ?? (asked === undefined ? undefined : ruleFor(method));
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
