/** Users send and edit messages, press buttons, react, vote and create topics. */

import type { Message, Poll, User } from "@grammyjs/types";
import { forwardOf, mayBeForwarded } from "../../api/forwards.ts";
import type { ChatRecord } from "../../state/chat-record.ts";
import { createTopic, isForum, threadOf } from "../../state/forum.ts";
import { addMessage, type Content, quoted, removeMessages, replaceMessage } from "../../state/messages.ts";
import { closePoll, isOver, refusalOf, vote } from "../../state/polls.ts";
import { react } from "../../state/reactions.ts";
import { pushMessage } from "../../state/receiving.ts";
import { forbiddenContent, isAdministrator, isPermitted } from "../../state/rights.ts";
import { entitiesIn } from "../../text/format.ts";
import { type ActionContext, type ActionHandlers, nameOf } from "../action-context.ts";
import { findButton, sentBy } from "../buttons.ts";
import { ActionError, type Takes } from "./actions.ts";

/** Seconds until a query can no longer be answered. */
const CALLBACK_LIFETIME = 150;

export const messageActions: ActionHandlers<
  "send" | "edit" | "forward" | "delete" | "press" | "react" | "vote" | "createTopic"
> = {
  send,

  edit({ message_id, content, ...where }, context) {
    const { person, record } = context.participant(where);
    const { entities: _, caption_entities, ...message } = context.message(record, message_id);
    if (record.chat.type !== "channel" && message.from?.id !== person.user.id) {
      throw new ActionError(`message ${message_id} is not ${person.user.first_name}'s to edit`);
    }
    const kept = content.caption === undefined && caption_entities !== undefined ? { caption_entities } : {};
    const edited = { ...message, ...kept, ...withEntities(content), edit_date: context.world.date } as Message;
    replaceMessage(context.world, record, "user", edited);
    pushMessage(context, record, edited);
    return edited;
  },

  forward({ from_chat_id, message_id, ...where }, context) {
    const message = context.message(context.record(from_chat_id), message_id);
    if (!mayBeForwarded(message)) {
      throw new ActionError(`message ${message_id} can't be forwarded: it is a service message or protected`);
    }
    return send({ ...where, content: forwardOf(message) }, context);
  },

  delete({ message_id, ...where }, context) {
    const { record } = context.participant(where);
    context.message(record, message_id);
    removeMessages(context.world, record, "user", [message_id]);
    return true;
  },

  press({ message_id, button: choice, topic, ...where }, context) {
    const { person, record } = context.participant(where);
    const after = context.world.journal.seq;
    const found = findButton(record, choice, message_id);
    if (found === undefined) throw new ActionError(`there is no button ${JSON.stringify(choice)} in ${nameOf(record)}`);
    if ("key" in found) {
      const content = sentBy(found.key, person.user);
      return { after, message: send({ ...where, content, ...(topic !== undefined && { topic }) }, context) };
    }
    const { button, message } = found;
    if ("url" in button) return { after, url: button.url };
    if ("login_url" in button) return { after, url: button.login_url.url };
    if ("web_app" in button) return { after, ...openWebApp(button.web_app.url, record, person.user, context) };
    if ("pay" in button) throw new ActionError("this button pays: use pay()");
    if (!("callback_data" in button) && !("callback_game" in button)) return { after };
    const data = "callback_data" in button ? { data: button.callback_data } : { game_short_name: message.game?.title };
    const id = context.world.openQuery(record.chat.id, CALLBACK_LIFETIME);
    const chat_instance = String(record.chat.id);
    // The bot cannot read a message that a user has sent via it: it knows an id.
    const inline_message_id = context.world.inline.idOf(record, message.message_id);
    const place = inline_message_id === undefined ? { message } : { inline_message_id };
    context.push({ callback_query: { id, from: person.user, ...place, chat_instance, ...data } });
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
    const message = context.message(record, message_id) as Message & { poll: Poll };
    if (message.poll === undefined) throw new ActionError(`message ${message_id} has no poll`);
    if (isOver(message, context.world.date)) closePoll(context, record, "user", message);
    const current = context.message(record, message_id) as typeof message;
    const refusal = refusalOf(record, current, person.user, options);
    if (refusal !== undefined) throw new ActionError(refusal);
    vote(context, record, current, person.user, options);
    return true;
  },

  createTopic({ name, icon_color, ...where }, context) {
    const { person, record } = context.participant(where);
    const { world } = context;
    if (!isForum(world, record)) throw new ActionError(`${nameOf(record)} is no forum`);
    if (!isPermitted(record, person.user.id, "can_manage_topics")) {
      throw new ActionError(`${person.user.first_name} may not create topics in ${nameOf(record)}`);
    }
    const origin = { by: "user", from: person.user } as const;
    return createTopic(context, record, origin, { name, icon_color }).message_thread_id;
  },
};

/** Sends a message as a user. */
export function send({ content, reply_to, topic, ...where }: Takes<"send">, context: ActionContext): Message {
  const { person, record } = context.participant(where);
  const reply: Content = reply_to === undefined ? {} : { reply_to_message: quoted(context.message(record, reply_to)) };
  const { business_connection_id } = where;
  const thread = fieldsIn(topic, record, person.user, context, reply.reply_to_message?.message_thread_id);
  const forbidden = forbiddenContent(record, person.user.id, content);
  if (forbidden !== undefined) {
    throw new ActionError(`${person.user.first_name} may not send ${forbidden} to ${nameOf(record)}`);
  }
  requirePatience(record, person.user, context);
  const origin = { by: "user", from: person.user, business_connection_id } as const;
  const message = addMessage(context.world, record, origin, { ...thread, ...reply, ...withEntities(content) });
  pushMessage(context, record, message);
  return message;
}

/**
 * The fields that put a user's message into a topic.
 * @param replied the topic of the message that it replies to
 * @throws ActionError if the topic is closed or unknown
 */
export function fieldsIn(
  topic: number | undefined,
  record: ChatRecord,
  { id }: User,
  { world }: ActionContext,
  replied?: number,
): Content {
  const thread = threadOf(world, record, id, { named: topic, replied });
  if ("refused" in thread) throw new ActionError(`topic ${topic} of ${nameOf(record)} is ${thread.refused}`);
  return thread.fields;
}

/** @throws ActionError while a member of a group in slow mode has to wait */
function requirePatience(record: ChatRecord, user: User, { world }: ActionContext): void {
  const { slow_mode_delay } = record.details;
  if (slow_mode_delay === undefined || isAdministrator(record, user.id)) return;
  const last = record.latest(({ from }) => from?.id === user.id);
  if (last === undefined || world.date - last.date >= slow_mode_delay) return;
  throw new ActionError(`${user.first_name} has to wait: ${nameOf(record)} is in slow mode`);
}

/** A web app that a button opens; in a private chat it may send a message by answerWebAppQuery. */
function openWebApp(url: string, record: ChatRecord, user: User, { world }: ActionContext) {
  const web_app_query_id = world.nextQueryId();
  world.inline.webApps.set(web_app_query_id, { user, record });
  return { url, web_app_query_id };
}

/** Adds the entities that Telegram finds by itself, unless the content has entities. @throws ActionError if a text is none */
function withEntities(content: Content): Content {
  for (const name of ["text", "caption"] as const) {
    const value: unknown = content[name];
    if (value !== undefined && typeof value !== "string") throw new ActionError(`${name} must be a string`);
  }
  const { text = "", entities = entitiesIn(text), caption = "", caption_entities = entitiesIn(caption) } = content;
  return {
    ...content,
    ...(entities.length > 0 && { entities }),
    ...(caption_entities.length > 0 && { caption_entities }),
  };
}
