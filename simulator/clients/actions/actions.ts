/**
 * The actions of simulated users and of tests, shared by the classes, the HTTP API and the terminal. Over HTTP an
 * action is `POST /simulator/<name>` with `takes` as JSON and `gives` as `result`.
 */

import type {
  BusinessConnection,
  Chat,
  ChatAdministratorRights,
  ChatPermissions,
  Message,
  OrderInfo,
  User,
} from "@grammyjs/types";
import type { Fault } from "../../faults.ts";
import type { BusinessRights } from "../../state/business.ts";
import type { RecordedCall } from "../../state/call-log.ts";
import type { ChatEvent } from "../../state/journal.ts";
import type { MemberStatus } from "../../state/members.ts";
import type { Content } from "../../state/messages.ts";
import type { RawUpdate } from "../../state/update-queue.ts";
import type { BotRole } from "../../state/world.ts";

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
  /** The URL of a link button, or of a web app. */
  url?: string;
  /** For answerWebAppQuery. */
  web_app_query_id?: string;
}

/** The chat defaults to the user's private chat with the bot. */
export interface Where {
  user_id: number;
  chat_id?: number;
  /** Instead of a chat: the user's chat with a business account. */
  business_connection_id?: string;
}

export interface SendTakes extends Where {
  content: Content;
  reply_to?: number;
  /** The message_thread_id of a forum's topic. */
  topic?: number;
}

/** The thing that a user pays: the invoice or paid media of a message, or the invoice of a link. */
export type PayTakes = Where & {
  /** In the smallest units of the currency. */
  tip?: number;
  /** Default: the first that the bot offers. */
  shipping_option_id?: string;
  /** Default: what the invoice needs, with made-up values. */
  order_info?: OrderInfo;
} & ({ message_id: number } | { link: string });

/** The result of an inline query, by its id or its place from 0; or a message of savePreparedInlineMessage. */
export type ChooseTakes = Where & { topic?: number } & (
    | { inline_query_id: string; result: string | number }
    | { prepared_id: string }
  );

/** A file that a user sends, as a message. */
export interface Upload extends Where {
  base64: string;
  caption?: string;
  reply_to?: number;
  topic?: number;
  /** Files with the same name of an album are shown together: their messages have one media_group_id. */
  album?: string;
}

/** A member's new status. */
export interface Status {
  status: Exclude<MemberStatus, "creator">;
  /** Of an administrator; default: every right. Of a restricted member: the permissions that remain; default: none. */
  rights?: Partial<ChatAdministratorRights> & ChatPermissions;
}

/** Settings of a new group or channel. */
export interface ChatDetails {
  type?: GroupType;
  /** Makes it public. */
  username?: string;
  /** A supergroup with topics. */
  forum?: boolean;
  /** The id of a user; default: a user named Owner. */
  owner_id?: number;
  /**
   * The bot's role: `member` (without rights), `administrator` (with every right), `left`, or the rights that it has as an
   * administrator: `{ can_restrict_members: true }`. Default: a member of a group, an administrator of a channel.
   */
  bot?: BotRole;
  /** Permissions of members; one that is left out is denied. Default: all. */
  permissions?: ChatPermissions;
  /** Seconds between two messages of a member; administrators and bots need not wait. */
  slow_mode?: number;
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
  chat: { takes: ChatDetails & { title: string }; gives: Chat };
  send: { takes: SendTakes; gives: Message };
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
  /** Sends a file as music. Its duration (seconds), performer and title are not read from the file; the type follows the name. */
  sendAudio: {
    takes: Upload & { name?: string; type?: string; duration?: number; performer?: string; title?: string };
    gives: Message;
  };
  /** Sends a file as an animation: a film without sound that plays again and again. */
  sendAnimation: {
    takes: Upload & { name?: string; type?: string; width?: number; height?: number; duration?: number };
    gives: Message;
  };
  /** Sends a WebP as a sticker of no set. */
  sendSticker: { takes: Omit<Upload, "caption" | "album"> & { emoji?: string }; gives: Message };
  edit: { takes: Where & { message_id: number; content: Content }; gives: Message };
  forward: { takes: Where & { from_chat_id: number; message_id: number }; gives: Message };
  delete: { takes: Where & { message_id: number }; gives: true };
  /** Without `message_id`: the latest message with such a button. A button of a reply keyboard writes into `topic`. */
  press: { takes: Where & { message_id?: number; button: ButtonChoice; topic?: number }; gives: Pressed };
  /** Replaces the user's reaction. `anonymous`: as an administrator in the name of the group. */
  react: { takes: Where & { message_id: number; emoji?: string | string[]; anonymous?: boolean }; gives: true };
  vote: { takes: Where & { message_id: number; options: number[] }; gives: true };
  join: { takes: { user_id: number; chat_id: number; invite_link?: string | undefined }; gives: true };
  /** Asks an administrator to be let in: the bot gets a chat_join_request if it may invite users. */
  askToJoin: {
    takes: { user_id: number; chat_id: number; invite_link?: string | undefined; bio?: string | undefined };
    gives: true;
  };
  /** Gives the message_thread_id. */
  createTopic: { takes: { user_id: number; chat_id: number; name: string; icon_color?: number }; gives: number };
  /** Sends the result of an inline query, or a prepared message, via the bot. */
  choose: { takes: ChooseTakes; gives: Message };
  /** Orders; the chat's event `payment` with the id tells how it ends. */
  pay: { takes: PayTakes; gives: { payment_id: string; after: number } };
  /** Connects the bot to the user's business account; `stars` is the account's balance. */
  connectBusiness: {
    takes: { user_id: number; rights?: BusinessRights; enabled?: boolean; stars?: number };
    gives: BusinessConnection;
  };
  leave: { takes: { user_id: number; chat_id: number }; gives: true };
  inlineQuery: {
    takes: { user_id: number; query: string; offset?: string; chat_type?: string };
    gives: { inline_query_id: string; after: number };
  };
  /** Adds, promotes, removes or bans the bot; in a private chat `kicked` blocks it and `member` unblocks it. */
  botStatus: { takes: Where & Status; gives: true };
  /** A user promotes, restricts, bans or readmits another one, who is `member_id`. */
  memberStatus: { takes: { user_id: number; chat_id: number; member_id: number } & Status; gives: true };
  /** Turns a group into a supergroup; the old chat then answers 400 with `migrate_to_chat_id`. */
  upgrade: { takes: { user_id: number; chat_id: number }; gives: Chat };
  /** Pushes raw updates of any kind; gives their ids, null for a kind that `allowed_updates` excludes. */
  push: { takes: { updates: RawUpdate[] }; gives: (number | null)[] };
  /** The chat's messages, oldest first: all, or those of the bot alone. */
  messages: { takes: { chat_id: number; by?: "bot" }; gives: Message[] };
  /**
   * The bot's next event of this type in the chat that the action has not given yet; default: its next message. Waits for it up to
   * `timeout` milliseconds, by default 5,000, and fails then.
   */
  next: { takes: { chat_id: number; type?: ChatEvent["type"]; timeout?: number }; gives: ChatEvent };
  /** A chat's events after the `seq` in `after`; waits up to `timeout` milliseconds for the first. */
  events: { takes: { chat_id: number; after?: number; timeout?: number }; gives: ChatEvent[] };
  /** Waits until an offset has confirmed every update; gives false after `timeout` milliseconds. */
  confirmed: { takes: { timeout?: number }; gives: boolean };
  /** Has calls of a method, or of all (`*`), fail; gives the fault's id. */
  fail: { takes: { method: string; fault: Fault }; gives: number };
  /** Stops a fault, or all. */
  recover: { takes: { id?: number }; gives: true };
  /** Has so many people write at once, so many messages a second of all together, each in a private chat: how a bot does under load. */
  flood: { takes: { people: number; rate: number; seconds: number; text: string }; gives: true };
  endFlood: { takes: Record<string, never>; gives: true };
  /** Kills the thread of a worker; default: 0. Only if asgigram runs the bot, as for the next two. */
  killWorker: { takes: { worker?: number }; gives: true };
  /** Kills the server's process, which is started again. */
  killServer: { takes: Record<string, never>; gives: true };
  /** Loads the bot's files anew. */
  reload: { takes: Record<string, never>; gives: true };
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
   * The calls of the Bot API up to now, in the order in which they began: all, or those of one method. With `after`, only those before the
   * first one without an answer; waits up to `timeout` ms until there are more than `after`.
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

/** Time for which an action or an expectation waits: ms. */
export const DEFAULT_TIMEOUT = 5000;
