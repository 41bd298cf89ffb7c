/** The bot's answers to a pressed button and to an inline query. */

import type { InlineQueryResult } from "@grammyjs/types";
import type { Perform, Pressed } from "./actions/actions.ts";
import { type EventOf, expectEqual, findEvent, type WaitOptions } from "./expectations.ts";
import { compare, type Pattern } from "./matching.ts";

/** An answerCallbackQuery by its text, or by parts of it, as `show_alert`. */
export type ExpectedAnswer = string | RegExp | Pattern<EventOf<"callback-answer">>;

export async function answerToPress(
  perform: Perform,
  { chat_id, after, callback_query_id }: Pressed & { chat_id: number },
  expected: ExpectedAnswer = true,
  options: WaitOptions = {},
): Promise<EventOf<"callback-answer">> {
  const answer = await findEvent(perform, chat_id, {
    ...options,
    after,
    what: "answer to the pressed button",
    matches: (event): event is EventOf<"callback-answer"> =>
      event.type === "callback-answer" && event.callback_query_id === callback_query_id,
  });
  const isText = typeof expected === "string" || expected instanceof RegExp;
  await expectEqual(perform, "answer to the pressed button", compare(isText ? answer.text : answer, expected));
  return answer;
}

/** The results of an answerInlineQuery, by parts of them. */
export type ExpectedResults = true | readonly Pattern<InlineQueryResult>[];

export async function answerToInline(
  perform: Perform,
  { chat_id, after, inline_query_id }: { chat_id: number; after: number; inline_query_id: string },
  expected: ExpectedResults = true,
  options: WaitOptions = {},
): Promise<EventOf<"inline-answer">> {
  const answer = await findEvent(perform, chat_id, {
    ...options,
    after,
    what: "answer to the inline query",
    matches: (event): event is EventOf<"inline-answer"> =>
      event.type === "inline-answer" && event.inline_query_id === inline_query_id,
  });
  await expectEqual(perform, "answer to the inline query", compare(answer.results, expected));
  return answer;
}
