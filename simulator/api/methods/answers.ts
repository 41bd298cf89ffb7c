/** Answers to queries: https://core.telegram.org/bots/api#answercallbackquery, #answerinlinequery and payments. */

import type { InlineQueryResult } from "@grammyjs/types";
import type { PendingQuery } from "../../state/world.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_ANSWER = 200;

export const answerMethods: Record<string, Handler> = {
  answerCallbackQuery(call, telegram) {
    const callback_query_id = call.string("callback_query_id") ?? "";
    const text = call.string("text");
    if (text !== undefined && text.length > MAX_ANSWER) throw badRequest("MESSAGE_TOO_LONG");
    const { chat_id } = close(call, telegram, "callback_query_id");
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

  answerInlineQuery(call, telegram) {
    const results = call.array<InlineQueryResult>("results") ?? [];
    const inline_query_id = call.string("inline_query_id") ?? "";
    const { chat_id } = close(call, telegram, "inline_query_id");
    telegram.world.journal.record(chat_id, { by: "bot", type: "inline-answer", inline_query_id, results });
    return true;
  },

  answerShippingQuery(call, telegram) {
    if (!call.boolean("ok")) requireErrorMessage(call);
    else if (!call.has("shipping_options")) throw badRequest('Parameter "shipping_options" is required');
    close(call, telegram, "shipping_query_id");
    return true;
  },

  answerPreCheckoutQuery(call, telegram) {
    if (!call.boolean("ok")) requireErrorMessage(call);
    close(call, telegram, "pre_checkout_query_id");
    return true;
  },
};

function requireErrorMessage(call: Call): void {
  if (!call.has("error_message")) throw badRequest('Parameter "error_message" is required');
}

function close(call: Call, { world }: Telegram, parameter: string): PendingQuery {
  const query = world.closeQuery(call.string(parameter) ?? "");
  if (query === undefined) throw badRequest("query is too old and response timeout expired or query ID is invalid");
  return query;
}
