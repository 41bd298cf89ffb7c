/**
 * The actions of simulated users and of tests, shared by the classes, the HTTP API and the terminal. Over HTTP an
 * action is `POST /simulator/<name>` with `takes` as JSON and `gives` as `result`.
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

/** The effect of pressing a button. */
export interface Pressed {
  /** The id of the bot's callback query; absent for buttons that send no query. */
  callback_query_id?: string;
  /** A `seq`: the bot's answer comes after it. */
  after: number;
  /** The message that a button of a reply keyboard sent. */
  message?: Message;
  /** The URL of a link button. */
  url?: string;
}

/** The chat defaults to the user's private chat with the bot. */
interface Where {
  user_id: number;
  chat_id?: number;
}

/** A file that a user sends, as a message. */
export interface Upload extends Where {
  base64: string;
  caption?: string;
  reply_to?: number;
}

/** The bot's acts since the last action of a user, to explain a failure. */
export interface Trace {
  /** Without calls of getUpdates, but for those that were refused. */
  calls: RecordedCall[];
  /** Updates that no offset has confirmed. */
  pending: number;
  /** The bot has asked for updates, by getUpdates or setWebhook. */
  hasAsked: boolean;
  /** Kinds of updates that did not come to the bot because of its `allowed_updates`. */
  excluded: string[];
  /** Of the simulator. */
  url: string;
}

export interface Actions {
  /** The user with this name, created if missing. */
  user: { takes: { name: string; details?: Partial<User> }; gives: User };
  /** The group or channel with this title, created if missing, with the bot as a member. */
  chat: { takes: { title: string; type?: GroupType; username?: string }; gives: Chat };
  send: { takes: Where & { content: Content; reply_to?: number }; gives: Message };
  /** Sends a file as a document. `type` is its MIME type. */
  sendFile: { takes: Upload & { name: string; type?: string }; gives: Message };
  /** Sends a PNG, JPEG or WebP as a photo, in several sizes: the largest, which is the last, is the file itself. */
  sendPhoto: { takes: Upload; gives: Message };
  /** Sends a file as a video. Width, height and duration (seconds) are not read from the file; the type follows the name. */
  sendVideo: {
    takes: Upload & { name?: string; type?: string; width?: number; height?: number; duration?: number };
    gives: Message;
  };
  /** Sends a file as a voice message. The duration (seconds) is not read from the file; the type follows the name. */
  sendVoice: { takes: Upload & { name?: string; type?: string; duration?: number }; gives: Message };
  edit: { takes: Where & { message_id: number; content: Content }; gives: Message };
  /** Without `message_id`: the latest message with such a button. */
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
  /** Turns a group into a supergroup; the old chat then answers 400 with `migrate_to_chat_id`. */
  upgrade: { takes: { user_id: number; chat_id: number }; gives: Chat };
  /** Pushes raw updates of any kind; gives their ids, null for a kind that `allowed_updates` excludes. */
  push: { takes: { updates: RawUpdate[] }; gives: (number | null)[] };
  /** The chat's messages, oldest first: all, or those of the bot alone. */
  messages: { takes: { chat_id: number; by?: "bot" }; gives: Message[] };
  /** A chat's events after the `seq` in `after`; waits up to `timeout` milliseconds for the first. */
  events: { takes: { chat_id: number; after?: number; timeout?: number }; gives: ChatEvent[] };
  /** Waits until an offset has confirmed every update; gives false after `timeout` milliseconds. */
  confirmed: { takes: { timeout?: number }; gives: boolean };
  /** Waits until the bot is idle, and stays so for `quiet` ms; gives the reason if it is not after `timeout` ms. */
  idle: { takes: { timeout?: number; quiet?: number }; gives: { business?: string } };
  /** The bot's acts since the last action of a user. */
  trace: { takes: Record<string, never>; gives: Trace };
  /** The bytes of a file, as Base64. */
  download: { takes: { file_id: string }; gives: { base64: string } };
  /** Sets the clock forward by so many seconds, and waits until no answer is on its way; gives the time in milliseconds since 1970. */
  advance: { takes: { seconds: number }; gives: number };
  /** Decides the values of the next dice. */
  roll: { takes: { values: number[] }; gives: true };
  /**
   * The calls of the Bot API up to now: all, or those of one method. With `after`, those that are answered; waits up to `timeout` ms until
   * there are more than `after`.
   */
  calls: { takes: { method?: string; after?: number; timeout?: number }; gives: RecordedCall[] };
}

export type ActionName = keyof Actions;
export type Takes<A extends ActionName> = Actions[A]["takes"];
export type Gives<A extends ActionName> = Actions[A]["gives"];

/** Performs an action, in this process or over HTTP. */
export type Perform = <A extends ActionName>(name: A, takes: Takes<A>) => Promise<Gives<A>>;

/** An impossible action and the reason: a mistake in the test, not in the bot. */
export class ActionError extends Error {
  override readonly name = "ActionError";
}
