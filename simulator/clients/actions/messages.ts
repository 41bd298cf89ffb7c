/** Users send and edit messages, press buttons, react, vote and ask inline queries. */

import type { Message, Poll } from "@grammyjs/types";
import { addMessage, type Content, quoted, replaceMessage } from "../../state/messages.ts";
import { react } from "../../state/reactions.ts";
import { pushMessage } from "../../state/receiving.ts";
import { forbiddenContent, isPermitted } from "../../state/rights.ts";
import { scanEntities } from "../../text/scan.ts";
import { type ActionContext, type ActionHandlers, nameOf } from "../action-context.ts";
import { findButton } from "../buttons.ts";
import { ActionError, type Takes } from "./actions.ts";

/** Seconds until a query can no longer be answered. */
const CALLBACK_LIFETIME = 150;
const INLINE_LIFETIME = 30;

export const messageActions: ActionHandlers<"send" | "edit" | "press" | "react" | "vote" | "inlineQuery"> = {
  send,

  edit({ message_id, content, ...where }, context) {
    const { person, record } = context.participant(where);
    const { entities: _, ...message } = context.message(record, message_id);
    if (record.chat.type !== "channel" && message.from?.id !== person.user.id) {
      throw new ActionError(`message ${message_id} is not ${person.user.first_name}'s to edit`);
    }
    const edited = { ...message, ...withEntities(content), edit_date: context.world.date } as Message;
    replaceMessage(context.world, record, "user", edited);
    pushMessage(context, record, edited);
    return edited;
  },

  press({ message_id, button: choice, ...where }, context) {
    const { person, record } = context.participant(where);
    const after = context.world.journal.seq;
    const found = findButton(record, choice, message_id);
    if (found === undefined) throw new ActionError(`there is no button ${JSON.stringify(choice)} in ${nameOf(record)}`);
    if ("reply" in found) return { after, message: send({ ...where, content: found.reply(person.user) }, context) };
    const { button, message } = found;
    if ("url" in button) return { after, url: button.url };
    if (!("callback_data" in button) && !("callback_game" in button)) return { after };
    const data = "callback_data" in button ? { data: button.callback_data } : { game_short_name: message.game?.title };
    const id = context.world.openQuery(record.chat.id, CALLBACK_LIFETIME);
    const chat_instance = String(record.chat.id);
    context.push({ callback_query: { id, from: person.user, message, chat_instance, ...data } });
    return { after, callback_query_id: id };
  },

  react({ message_id, emoji, anonymous, ...where }, context) {
    const { person, record } = context.participant(where);
    context.message(record, message_id);
    const { user } = person;
    const emojis = emoji === undefined ? [] : [emoji].flat();
    const reaction = emojis.map((one) => ({ type: "emoji" as const, emoji: one as "👍" }));
    const actor = anonymous === true ? { actor_chat: record.chat } : { user };
    if (!isPermitted(record, user.id, "can_react_to_messages" as never) && record.chat.type.endsWith("group")) {
      throw new ActionError(`${user.first_name} may not react in ${nameOf(record)}`);
    }
    react(context, record, { by: "user", actor, message_id, reaction });
    return true;
  },

  vote({ message_id, options, ...where }, context) {
    const { person, record } = context.participant(where);
    const message = context.message(record, message_id);
    const { poll } = message;
    if (poll === undefined || poll.is_closed) throw new ActionError(`message ${message_id} has no open poll`);
    const chosen = options.map((option) => poll.options[option]?.persistent_id);
    if (chosen.includes(undefined)) throw new ActionError(`the poll has no option ${options.join(", ")}`);
    const key = `${person.user.id}/${message_id}`;
    const counted = recount(poll, record.votes.get(key) ?? [], options);
    record.votes.set(key, options);
    replaceMessage(context.world, record, "user", { ...message, poll: counted });
    context.push({ poll: counted });
    if (poll.is_anonymous) return true;
    context.push({
      poll_answer: { poll_id: poll.id, user: person.user, option_ids: options, option_persistent_ids: chosen },
    });
    return true;
  },

  inlineQuery({ user_id, query, offset = "" }, context) {
    const { user } = context.person(user_id);
    const after = context.world.journal.seq;
    const id = context.world.openQuery(user_id, INLINE_LIFETIME);
    context.push({ inline_query: { id, from: user, query, offset, chat_type: "sender" } });
    return { inline_query_id: id, after };
  },
};

/** Sends a message as a user. */
export function send({ content, reply_to, ...where }: Takes<"send">, context: ActionContext): Message {
  const { person, record } = context.participant(where);
  const reply = reply_to === undefined ? {} : { reply_to_message: quoted(context.message(record, reply_to)) };
  const forbidden = forbiddenContent(record, person.user.id, content);
  if (forbidden !== undefined) {
    throw new ActionError(`${person.user.first_name} may not send ${forbidden} to ${nameOf(record)}`);
  }
  const origin = { by: "user", from: person.user } as const;
  const message = addMessage(context.world, record, origin, { ...reply, ...withEntities(content) });
  pushMessage(context, record, message);
  return message;
}

/** Adds the entities that Telegram finds by itself, unless the content has entities. */
function withEntities(content: Content): Content {
  if (content.text === undefined || content.entities !== undefined) return content;
  const entities = scanEntities(content.text);
  return entities.length === 0 ? content : { ...content, entities };
}

function recount(poll: Poll, before: readonly number[], after: readonly number[]): Poll {
  const change = (option: number) => Number(after.includes(option)) - Number(before.includes(option));
  const options = poll.options.map((option, at) => ({ ...option, voter_count: option.voter_count + change(at) }));
  const voters = Number(after.length > 0) - Number(before.length > 0);
  return { ...poll, options, total_voter_count: poll.total_voter_count + voters };
}
