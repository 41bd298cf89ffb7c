/** A call to a group that has become a supergroup. */

import type { Sending } from "./sending.ts";

/** Lowest id of a basic group. Only basic groups become other chats: https://core.telegram.org/bots/api#responseparameters */
const LOWEST_GROUP = -999_999_999_999;

/**
 * The same call to another chat, still in its old lane. Undefined if the call does not go to a group, or names another group that
 * may be the one that moved: a refusal is better than a message in the wrong chat.
 */
export function redirect(sending: Sending, chat_id: number): Sending | undefined {
  const parameters = JSON.parse(sending.call.body) as {
    chat_id?: unknown;
    from_chat_id?: unknown;
    reply_parameters?: { chat_id?: unknown };
  };
  const others = [parameters.from_chat_id, parameters.reply_parameters?.chat_id];
  if (!isGroup(parameters.chat_id) || others.some(isGroup)) return undefined;
  const call = { ...sending.call, body: JSON.stringify({ ...parameters, chat_id }) };
  return {
    call,
    isBulk: sending.isBulk === true,
    succeeded: (answer) => sending.succeeded(answer),
    failed: (error, isGivenUp) => sending.failed(error, isGivenUp),
    delayed: () => sending.delayed?.(),
    superseded: () => sending.superseded?.(),
  };
}

function isGroup(id: unknown): boolean {
  return Number(id) < 0 && Number(id) >= LOWEST_GROUP;
}
