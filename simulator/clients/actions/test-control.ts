/** Actions of tests: create users and chats, push updates, read messages, events and calls. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ChatEvent } from "../../state/journal.ts";
import type { ActionHandlers } from "../action-context.ts";
import { adoptUpdate } from "../adopt.ts";
import { ActionError } from "./actions.ts";

type TestControl = "user" | "chat" | "push" | "messages" | "next" | "events" | "confirmed" | "calls";

export const testControlActions: ActionHandlers<TestControl> = {
  user: ({ name, details }, { world }) => (world.personByName(name) ?? world.createUser(name, details)).user,

  chat({ title, type = "supergroup", username }, { world }) {
    const record =
      world.chatByTitle(title) ?? world.createChat(title, type, username === undefined ? {} : { username });
    return record.chat;
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
    const done = new AbortController();
    const tooLate = sleep(timeout, false, { signal: done.signal }).catch(() => false);
    const drained = queue.drained().then(() => true);
    return await Promise.race([drained, tooLate]).finally(() => done.abort());
  },

  calls: ({ method }, { calls }) => calls.calls.filter((call) => method === undefined || call.method === method),
};
