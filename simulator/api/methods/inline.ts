/** Inline mode and web apps: https://core.telegram.org/bots/api#answerinlinequery to #savepreparedinlinemessage */

import type { InlineQueryResult } from "@grammyjs/types";
import { sendChoice } from "../../state/inline.ts";
import { personOf } from "../access.ts";
import type { Call } from "../call.ts";
import { choiceOf } from "../inline-results.ts";
import { badRequest, queryIsOver } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { closeQuery } from "./answers.ts";
import { contentOf } from "./sending.ts";

/** Seconds until a prepared message expires. */
const PREPARED_LIFETIME = 86_400;

export const inlineMethods: Record<string, Handler> = {
  answerInlineQuery(call, telegram) {
    const { world } = telegram;
    const results = call.array<InlineQueryResult>("results") ?? [];
    const choices = results.map((result) => choiceOf(result as never, call, telegram, contentOf));
    const inline_query_id = call.string("inline_query_id") ?? "";
    const { chat_id } = closeQuery(call, telegram, "inline_query_id");
    world.inline.answered.set(inline_query_id, { query: world.inline.asked.get(inline_query_id) ?? "", choices });
    world.inline.asked.delete(inline_query_id);
    const next_offset = call.string("next_offset");
    const more = { ...(next_offset !== undefined && { next_offset }), ...buttonIn(call) };
    world.journal.record(chat_id, { by: "bot", type: "inline-answer", inline_query_id, results, ...more });
    return true;
  },

  answerWebAppQuery(call, telegram) {
    const { inline } = telegram.world;
    const id = call.string("web_app_query_id")!;
    const place = inline.webApps.get(id);
    if (place === undefined) throw queryIsOver();
    const choice = choiceIn(call, telegram);
    inline.webApps.delete(id);
    const { inline_message_id } = sendChoice(telegram, place.record, place.user, choice);
    return inline_message_id === undefined ? {} : { inline_message_id };
  },

  answerGuestQuery(call, telegram) {
    const { world } = telegram;
    const choice = choiceIn(call, telegram);
    const { chat_id } = closeQuery(call, telegram, "guest_query_id");
    const record = world.chat(chat_id);
    if (record === undefined) throw badRequest("chat not found");
    const { message, inline_message_id } = sendChoice(telegram, record, world.bot, choice);
    const { message_id } = message;
    return { inline_message_id: inline_message_id ?? world.inline.name({ record, message_id }) };
  },

  savePreparedInlineMessage(call, telegram) {
    const { world } = telegram;
    personOf(world, call.number("user_id"));
    const id = world.nextQueryId();
    world.inline.prepared.set(id, choiceIn(call, telegram));
    return { id, expiration_date: world.date + PREPARED_LIFETIME };
  },
};

const choiceIn = (call: Call, telegram: Telegram) => choiceOf(call.object("result")!, call, telegram, contentOf);

const buttonIn = (call: Call) => (call.has("button") ? { button: call.object<{ text: string }>("button")! } : {});
