/** Answers to queries: https://core.telegram.org/bots/api#answercallbackquery */

import type { PendingQuery } from "../../state/world.ts";
import type { Call } from "../call.ts";
import { badRequest, queryIsOver } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_ANSWER = 200;

export const answerMethods: Record<string, Handler> = {
  answerCallbackQuery(call, telegram) {
    const callback_query_id = call.string("callback_query_id") ?? "";
    const text = call.string("text");
    if (text !== undefined && text.length > MAX_ANSWER) throw badRequest("MESSAGE_TOO_LONG");
    const { chat_id } = closeQuery(call, telegram, "callback_query_id");
    telegram.world.journal.record(chat_id, {
      by: "bot",
      type: "callback-answer",
      callback_query_id,
      ...(text !== undefined && { text }),
      ...(call.boolean("show_alert") && { show_alert: true }),
      ...(call.has("url") && { url: call.string("url")! }),
    });
    return true;
  },
};

/** Closes a query. @throws Refusal (400) if it is unknown or too old */
export function closeQuery(call: Call, { world }: Telegram, parameter: string): PendingQuery {
  const query = world.closeQuery(call.string(parameter) ?? "");
  if (query === undefined) throw queryIsOver();
  return query;
}
