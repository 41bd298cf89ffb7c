/** Stories of business accounts: https://core.telegram.org/bots/api#poststory to #deletestory */

import type { StoredStory } from "../../state/accounts.ts";
import { connectionOf, requireBusinessRight } from "../business.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { captionOf } from "./sending.ts";

const HOUR = 3600;
const PERIODS = [6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR];

export const storyMethods: Record<string, Handler> = {
  postStory: (call, telegram) => post(call, telegram, call.object("content")),

  repostStory(call, telegram) {
    const original = telegram.world.accounts.stories.get(call.number("from_story_id")!);
    if (original === undefined || original.chat_id !== call.number("from_chat_id"))
      throw badRequest("STORY_ID_INVALID");
    return post(call, telegram, original.content);
  },

  editStory(call, telegram) {
    const story = storyOf(call, telegram);
    const { caption } = captionOf(call);
    telegram.world.accounts.stories.set(story.id, { ...story, content: call.object("content"), caption });
    return shown(story, telegram);
  },

  deleteStory(call, telegram) {
    telegram.world.accounts.stories.delete(storyOf(call, telegram).id);
    return true;
  },
};

function post(call: Call, telegram: Telegram, content: unknown) {
  requireBusinessRight(call, telegram, "can_manage_stories");
  if (!PERIODS.includes(call.number("active_period")!)) throw badRequest("STORY_PERIOD_INVALID");
  const { accounts } = telegram.world;
  const { id: connection_id, user } = connectionOf(call, telegram);
  const id = accounts.next();
  const story = { id, chat_id: user.id, connection_id, content, caption: captionOf(call).caption };
  accounts.stories.set(id, story);
  return shown(story, telegram);
}

function storyOf(call: Call, telegram: Telegram): StoredStory {
  requireBusinessRight(call, telegram, "can_manage_stories");
  const story = telegram.world.accounts.stories.get(call.number("story_id")!);
  if (story?.connection_id !== call.string("business_connection_id")) throw badRequest("STORY_ID_INVALID");
  return story!;
}

function shown({ id, chat_id }: StoredStory, { world }: Telegram) {
  const { user } = world.people.get(chat_id)!;
  return { chat: world.privateChat({ user, started: false, blocked: false }).chat, id };
}
