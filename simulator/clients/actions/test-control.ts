/** Actions of tests: create users and chats, push updates, read messages, events and calls, set the clock and the dice. */

import type { ChatEvent } from "../../state/journal.ts";
import { clearTimeout, setTimeout } from "../../state/real-time.ts";
import type { ActionHandlers } from "../action-context.ts";
import { adoptUpdate } from "../adopt.ts";
import { ActionError } from "./actions.ts";

type TestControl =
  | "user"
  | "chat"
  | "push"
  | "messages"
  | "next"
  | "events"
  | "confirmed"
  | "advance"
  | "roll"
  | "calls";

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

  messages: ({ chat_id }, context) => [...context.record(chat_id).messages.values()],

  async next({ chat_id, type = "message", timeout = 5000 }, { world: { journal }, given }) {
    const key = `${chat_id} ${type}`;
    const matches = (event: ChatEvent) => event.type === type && event.by === "bot";
    const event = await journal.find(chat_id, given.get(key) ?? 0, timeout, matches);
    if (event === undefined) throw new ActionError(`no ${type} from the bot in chat ${chat_id} within ${timeout} ms`);
    given.set(key, event.seq);
    return event;
  },

  events: ({ chat_id, after = 0, timeout = 0 }, { world }) => world.journal.next(chat_id, after, timeout),

  async confirmed({ timeout = 10_000 }, { queue }) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeout);
    void queue.drained().then(() => resolve(true));
    return await promise.finally(() => clearTimeout(timer));
  },

  advance({ seconds }, { clock }) {
    if (!(seconds >= 0)) throw new ActionError(`the clock cannot be set forward by ${seconds} s`);
    clock.advance(1000 * seconds);
    return clock.now();
  },

  roll({ values }, { dice }) {
    dice.decide(values);
    return true;
  },

  calls: ({ method }, { calls }) => calls.calls.filter((call) => method === undefined || call.method === method),
};
