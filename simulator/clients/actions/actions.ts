/**
 * What the people in this little Telegram can do, and what a test can do to it: the one vocabulary that the classes, the
 * HTTP API and the terminal share. Over HTTP it is `POST /simulator/<name>` with `takes` as JSON and `gives` as `result`.
 */

import type { Chat, Message, User } from "@grammyjs/types";
import type { RecordedCall } from "../../state/call-log.ts";
import type { ChatEvent } from "../../state/journal.ts";
import type { MemberStatus } from "../../state/members.ts";
import type { Content } from "../../state/messages.ts";
import type { RawUpdate } from "../../state/update-queue.ts";

export type GroupType = "group" | "supergroup" | "channel";

/** A button by its text, by its number (from 1, row by row), or by row and column (both from 0). */
export type ButtonChoice = string | number | { row: number; column: number };

/** What came of pressing a button. */
export interface Pressed {
  /** Of the callback query that the bot got; absent for buttons that do not reach the bot. */
  callback_query_id?: string;
  /** The `seq` after which the answer will be found. */
  after: number;
  /** What a button of a reply keyboard sent. */
  message?: Message;
  /** What a link button would open. */
  url?: string;
}

/** The chat defaults to the user's private chat with the bot. */
interface Where {
  user_id: number;
  chat_id?: number;
}

export interface Actions {
  /** The user by that name, made if there is none. */
  user: { takes: { name: string; details?: Partial<User> }; gives: User };
  /** The group or channel by that title, made if there is none; the bot is in it from the start. */
  chat: { takes: { title: string; type?: GroupType; username?: string }; gives: Chat };
  send: { takes: Where & { content: Content; reply_to?: number }; gives: Message };
  /** Sends a file, whose content is in base64, as a document. */
  sendFile: { takes: Where & { name: string; base64: string; type?: string; caption?: string }; gives: Message };
  edit: { takes: Where & { message_id: number; content: Content }; gives: Message };
  /** Without `message_id`: the latest message that has such a button. */
  press: { takes: Where & { message_id?: number; button: ButtonChoice }; gives: Pressed };
  react: { takes: Where & { message_id: number; emoji?: string }; gives: true };
  vote: { takes: Where & { message_id: number; options: number[] }; gives: true };
  join: { takes: { user_id: number; chat_id: number }; gives: true };
  leave: { takes: { user_id: number; chat_id: number }; gives: true };
  inlineQuery: {
    takes: { user_id: number; query: string; offset?: string };
    gives: { inline_query_id: string; after: number };
  };
  /** Adds, promotes, removes or bans the bot; in a private chat `kicked` blocks it and `member` unblocks it. */
  botStatus: { takes: Where & { status: MemberStatus }; gives: true };
  /** Makes a supergroup of a group; the old chat then answers 400 with `migrate_to_chat_id`. */
  upgrade: { takes: { user_id: number; chat_id: number }; gives: Chat };
  /** Raw updates, of any kind; gives their ids, null for those that `allowed_updates` left out. */
  push: { takes: { updates: RawUpdate[] }; gives: (number | null)[] };
  /** What the chat holds, oldest first. */
  messages: { takes: { chat_id: number }; gives: Message[] };
  /** What happened in a chat after `after`; waits up to `timeout` milliseconds for something. */
  events: { takes: { chat_id: number; after?: number; timeout?: number }; gives: ChatEvent[] };
  /** Waits until an offset has confirmed every update; gives false if `timeout` milliseconds pass first. */
  confirmed: { takes: { timeout?: number }; gives: boolean };
  /** The calls of the Bot API so far. */
  calls: { takes: { method?: string }; gives: RecordedCall[] };
}

export type ActionName = keyof Actions;
export type Takes<A extends ActionName> = Actions[A]["takes"];
export type Gives<A extends ActionName> = Actions[A]["gives"];

/** Carries actions out, here or at the other end of an HTTP connection. */
export type Perform = <A extends ActionName>(name: A, takes: Takes<A>) => Promise<Gives<A>>;

/** An action that cannot be done, and why: a mistake in the test, not in the bot. */
export class ActionError extends Error {
  override readonly name = "ActionError";
}
