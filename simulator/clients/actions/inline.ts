/** Users ask inline queries, choose results, and open web apps: https://core.telegram.org/bots/api#inline-mode */

import { type InlineChoice, sendChoice } from "../../state/inline.ts";
import { forbiddenContent } from "../../state/rights.ts";
import { type ActionContext, type ActionHandlers, nameOf } from "../action-context.ts";
import { ActionError, type Takes } from "./actions.ts";
import { fieldsIn } from "./messages.ts";

/** Seconds until a query can no longer be answered. */
const LIFETIME = 30;

export const inlineActions: ActionHandlers<"inlineQuery" | "choose"> = {
  inlineQuery({ user_id, query, offset = "", chat_type = "sender" }, context) {
    const { world } = context;
    const { user } = context.person(user_id);
    const after = world.journal.seq;
    const id = world.openQuery(user_id, LIFETIME);
    world.inline.asked.set(id, query);
    context.push({ inline_query: { id, from: user, query, offset, chat_type } });
    return { inline_query_id: id, after };
  },

  choose(takes, context) {
    const { person, record } = context.participant(takes);
    const { choice, query } = choiceOf(takes, context);
    const { user } = person;
    const forbidden = forbiddenContent(record, user.id, choice.content);
    if (forbidden !== undefined)
      throw new ActionError(`${user.first_name} may not send ${forbidden} to ${nameOf(record)}`);
    const thread = fieldsIn(takes.topic, record, user, context);
    const { message, ...named } = sendChoice(context, record, user, {
      ...choice,
      content: { ...thread, ...choice.content },
    });
    if (query !== undefined) {
      context.push({ chosen_inline_result: { result_id: choice.id, from: user, query, ...named } });
    }
    return message;
  },
};

/** The result of an answered query, by its id or its place from 0; or a prepared message, which has no query. */
function choiceOf(takes: Takes<"choose">, { world }: ActionContext): { choice: InlineChoice; query?: string } {
  if ("prepared_id" in takes) {
    const choice = world.inline.prepared.get(takes.prepared_id);
    if (choice === undefined) throw new ActionError(`there is no prepared message ${takes.prepared_id}`);
    return { choice };
  }
  const { inline_query_id, result } = takes;
  const answered = world.inline.answered.get(inline_query_id);
  if (answered === undefined) throw new ActionError(`the bot has not answered inline query ${inline_query_id}`);
  const { choices, query } = answered;
  const choice = typeof result === "number" ? choices[result] : choices.find(({ id }) => id === result);
  if (choice === undefined) throw new ActionError(`the answer has no result ${JSON.stringify(result)}`);
  return { choice, query };
}
