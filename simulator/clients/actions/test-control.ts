/** Actions of tests: create users and chats, push updates, read messages, events and calls, set the clock and the dice. */

import type { RecordedCall } from "../../state/call-log.ts";
import type { ChatEvent } from "../../state/journal.ts";
import { clearTimeout, setTimeout } from "../../state/real-time.ts";
import { until } from "../../state/until.ts";
import type { ActionHandlers } from "../action-context.ts";
import { adoptUpdate } from "../adopt.ts";
import type { MessageEvent } from "../matching.ts";
import { ActionError, DEFAULT_TIMEOUT } from "./actions.ts";

type TestControl = "user" | "chat" | "push" | "messages" | "next" | "events" | "confirmed" | "roll" | "calls";

export const testControlActions: ActionHandlers<TestControl> = {
  user: ({ name, details }, { world }) => (world.personByName(name) ?? world.createUser(name, details)).user,

  chat({ title, type = "supergroup", forum, owner_id, ...details }, context) {
    const { world } = context;
    const known = world.chatByTitle(title);
    if (known !== undefined) return known.chat;
    const owner = owner_id === undefined ? {} : { owner: context.person(owner_id).user };
    return world.createChat({ title, type, ...details, ...owner, ...(forum === true && { is_forum: true }) }).chat;
  },

  push({ updates }, { world, queue }) {
    return updates.map((update) => {
      adoptUpdate(world, update);
      return queue.push(update) ?? null;
    });
  },

  messages({ chat_id, by }, context) {
    const messages = [...context.record(chat_id).messages.values()];
    if (by === undefined) return messages;
    // Posts in a channel do not show their sender.
    const sent = context.world.journal
      .after(chat_id, 0)
      .flatMap((event) => (isSent(event) ? event.message.message_id : []));
    return messages.filter(({ message_id }) => sent.includes(message_id));
  },

  async next({ chat_id, type = "message", timeout = DEFAULT_TIMEOUT }, { world: { journal }, given, bots }) {
    const key = `${chat_id} ${type}`;
    const matches = (event: ChatEvent) => event.type === type && event.by === "bot";
    const event = await journal.find(chat_id, given.get(key) ?? 0, timeout, bots.failure, matches);
    if (event === undefined) bots.throwIfFailed();
    if (event === undefined) throw new ActionError(`no ${type} from the bot in chat ${chat_id} within ${timeout} ms`);
    given.set(key, event.seq);
    return event;
  },

  async events({ chat_id, after = 0, timeout = 0 }, { world, bots }) {
    const events = await world.journal.next(chat_id, after, timeout, bots.failure);
    if (events.length === 0) bots.throwIfFailed();
    return events;
  },

  async confirmed({ timeout = 10_000 }, { queue }) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeout);
    void queue.drained().then(() => resolve(true));
    return await promise.finally(() => clearTimeout(timer));
  },

  roll({ values }, { dice }) {
    dice.decide(values);
    return true;
  },

  async calls({ method, after, timeout = 0 }, { calls, bots }) {
    const isWanted = (call: RecordedCall) => method === undefined || call.method.toLowerCase() === method.toLowerCase();
    if (after === undefined) return calls.calls.filter(isWanted);
    // Calls keep the places of their beginnings: an answer that overtakes another moves none.
    const answered = () => {
      const wanted = calls.calls.filter(isWanted);
      const open = wanted.findIndex(({ duration }) => duration === undefined);
      return open < 0 ? wanted : wanted.slice(0, open);
    };
    await until(() => answered().length > after, {
      onChange: (look) => calls.observeEnds(look),
      timeout,
      signal: bots.failure,
    });
    if (answered().length <= after) bots.throwIfFailed();
    return answered();
  },
};

const isSent = (event: ChatEvent): event is MessageEvent => event.type === "message" && event.by === "bot";
