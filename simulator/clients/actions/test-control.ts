/** Actions of tests: create users and chats, push updates, read messages, events and calls. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ActionHandlers } from "../action-context.ts";
import { adoptUpdate } from "../adopt.ts";

type TestControl = "user" | "chat" | "push" | "messages" | "events" | "confirmed" | "calls";

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

  events: ({ chat_id, after = 0, timeout = 0 }, { world }) => world.journal.next(chat_id, after, timeout),

  async confirmed({ timeout = 10_000 }, { queue }) {
    const done = new AbortController();
    const tooLate = sleep(timeout, false, { signal: done.signal }).catch(() => false);
    const drained = queue.drained().then(() => true);
    return await Promise.race([drained, tooLate]).finally(() => done.abort());
  },

  calls: ({ method }, { calls }) => calls.calls.filter((call) => method === undefined || call.method === method),
};
