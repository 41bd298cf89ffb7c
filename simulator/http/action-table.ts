/**
 * The actions as data: the parameters that HTTP callers give, and the OpenAPI description. The types of actions.ts decide: an action or
 * a parameter that is missing here, or is optional in one place alone, is an error of the compiler.
 *
 * The file is longer than others because each action is a row of it.
 */

import type { ActionName, Status, Takes } from "../clients/actions/actions.ts";
import type { ChatEvent } from "../state/journal.ts";
import { described, flag, integer, type JsonSchema, list, number, oneOf, ref, text, yes } from "./json-schema.ts";

/** A parameter that may be left out. */
export interface Optional {
  readonly optional: JsonSchema;
}

type KeyOf<T> = T extends unknown ? keyof T : never;
/** True, among others, if some form of the parameters is without this one. */
type CanLack<T, K> = T extends unknown
  ? K extends keyof T
    ? object extends Pick<T, K>
      ? true
      : false
    : true
  : never;
type ParametersOf<T> = { readonly [K in KeyOf<T>]: true extends CanLack<T, K> ? Optional : JsonSchema };

export interface ActionRow<T = object> {
  /** A sentence without a full stop. */
  readonly does: string;
  readonly takes: ParametersOf<T>;
  readonly gives: JsonSchema;
}

const optional = (schema: JsonSchema, description?: string): Optional => ({
  optional: description === undefined ? schema : described(schema, description),
});

const user_id = described(integer, "The user who acts.");
const where = {
  user_id,
  chat_id: optional(integer, "Default: the user's private chat with the bot."),
  business_connection_id: optional(text, "Instead of a chat: the user's chat with a business account."),
};
const message_id = integer;
const inGroup = { user_id, chat_id: integer };
const topic = optional(integer, "The message_thread_id of a forum's topic.");
const invite_link = optional(text);
const rights = optional({ type: "object" }, "Rights by name, each true or false.");
const timeout = optional(integer, "Milliseconds.");
const upload = {
  ...where,
  base64: described(text, "The bytes of the file."),
  caption: optional(text),
  reply_to: optional(integer, "The id of a message."),
  topic,
  album: optional(text, "Messages with the same one are an album."),
};
const { caption: _, album: __, ...uploadAlone } = upload;
const mime = optional(text, "MIME type; default: by the name.");
const seconds = optional(number, "Seconds; default: an estimate by the size.");
const film = {
  ...upload,
  name: optional(text),
  type: mime,
  width: optional(integer),
  height: optional(integer),
  duration: seconds,
};
const namesOf = <Name extends string>(names: Record<Name, true>) => oneOf(...Object.keys(names));
const STATUS = namesOf<Status["status"]>({
  administrator: true,
  member: true,
  restricted: true,
  left: true,
  kicked: true,
});
const EVENT = namesOf<ChatEvent["type"]>({
  message: true,
  edited: true,
  deleted: true,
  action: true,
  reaction: true,
  "callback-answer": true,
  "inline-answer": true,
  payment: true,
  ephemeral: true,
  "ephemeral-deleted": true,
});
const button = described(
  { type: ["string", "integer", "object"] },
  "Its text, its number (from 1, row by row), or { row, column } (both from 0).",
);

export const ACTION_TABLE: { readonly [A in ActionName]: ActionRow<Takes<A>> } = {
  user: {
    does: "Gives the user with this name, created if missing",
    takes: { name: text, details: optional(ref("User"), "Fields of a new user.") },
    gives: ref("User"),
  },
  chat: {
    does: "Gives the group or channel with this title, created if missing, with the bot as a member",
    takes: {
      title: text,
      type: optional(oneOf("group", "supergroup", "channel"), "Default: supergroup."),
      username: optional(text, "Makes it public."),
      forum: optional(flag, "A supergroup with topics."),
      owner_id: optional(integer, "The id of a user; default: a user named Owner."),
      bot: optional(
        { type: ["string", "object"] },
        "member, administrator (with every right), left, or an administrator's rights by name. Default: a member of a group, an administrator of a channel.",
      ),
      permissions: optional({ type: "object" }, "Of members; one that is left out is denied. Default: all."),
      slow_mode: optional(integer, "Seconds between two messages of a member."),
    },
    gives: ref("Chat"),
  },
  send: {
    does: "Sends a message as a user. Commands, mentions and links in a text become entities",
    takes: {
      ...where,
      content: described({ type: "object" }, 'Fields of a message: { "text": "hi" }, { "location": … }, …'),
      reply_to: optional(integer, "The id of a message."),
      topic,
    },
    gives: ref("Message"),
  },
  sendFile: { does: "Sends a file as a document", takes: { ...upload, name: text, type: mime }, gives: ref("Message") },
  sendPhoto: {
    does: "Sends a PNG, JPEG or WebP as a photo, in several sizes. The last is the file itself",
    takes: upload,
    gives: ref("Message"),
  },
  sendVideo: {
    does: "Sends a file as a video. It is not looked into",
    takes: film,
    gives: ref("Message"),
  },
  sendVoice: {
    does: "Sends a file as a voice message. It is not looked into",
    takes: { ...upload, name: optional(text), type: mime, duration: seconds },
    gives: ref("Message"),
  },
  sendAudio: {
    does: "Sends a file as music. It is not looked into",
    takes: {
      ...upload,
      name: optional(text),
      type: mime,
      duration: seconds,
      performer: optional(text),
      title: optional(text),
    },
    gives: ref("Message"),
  },
  sendAnimation: {
    does: "Sends a file as an animation. It is not looked into",
    takes: film,
    gives: ref("Message"),
  },
  sendSticker: {
    does: "Sends a WebP as a sticker. It is not looked into",
    takes: { ...uploadAlone, emoji: optional(text) },
    gives: ref("Message"),
  },
  edit: {
    does: "Edits a user's message",
    takes: { ...where, message_id, content: { type: "object" } },
    gives: ref("Message"),
  },
  forward: {
    does: "Forwards a message from another chat",
    takes: { ...where, from_chat_id: integer, message_id },
    gives: ref("Message"),
  },
  delete: { does: "Deletes a message. The bot does not learn of it", takes: { ...where, message_id }, gives: yes },
  press: {
    does: "Presses a button. Without message_id: of the latest message that has it, or of the reply keyboard",
    takes: { ...where, message_id: optional(integer), button, topic },
    gives: ref("Pressed"),
  },
  react: {
    does: "Replaces a user's reaction. Without an emoji it is removed",
    takes: {
      ...where,
      message_id,
      emoji: optional({ type: ["string", "array"] }, "One or several."),
      anonymous: optional(flag, "As an administrator in the name of the group."),
    },
    gives: yes,
  },
  vote: {
    does: "Votes in a poll. Without options the vote is retracted",
    takes: { ...where, message_id, options: described(list(integer), "Positions, from 0.") },
    gives: yes,
  },
  join: { does: "A user joins a chat", takes: { ...inGroup, invite_link }, gives: yes },
  askToJoin: {
    does: "A user asks to join: the bot gets a chat_join_request if it may invite users",
    takes: { ...inGroup, invite_link, bio: optional(text) },
    gives: yes,
  },
  createTopic: {
    does: "Creates a topic of a forum. Gives its message_thread_id",
    takes: { ...inGroup, name: text, icon_color: optional(integer) },
    gives: integer,
  },
  choose: {
    does: "Sends the result of an inline query, or a prepared message, via the bot",
    takes: {
      ...where,
      inline_query_id: optional(text),
      result: optional({ type: ["string", "integer"] }, "Its id, or its place from 0."),
      prepared_id: optional(text, "Of savePreparedInlineMessage, in place of the other two."),
      topic,
    },
    gives: ref("Message"),
  },
  pay: {
    does: "Pays an invoice, or buys paid media. The event payment with the id tells how it ends",
    takes: {
      ...where,
      message_id: optional(integer, "Of the invoice or the paid media."),
      link: optional(text, "Of createInvoiceLink, in place of the message."),
      tip: optional(integer, "In the smallest units of the currency."),
      shipping_option_id: optional(text, "Default: the first that the bot offers."),
      order_info: optional({ type: "object" }, "Default: what the invoice needs, with made-up values."),
    },
    gives: { type: "object", properties: { payment_id: text, after: integer } },
  },
  connectBusiness: {
    does: "Connects the bot to the user's business account",
    takes: { user_id, rights, enabled: optional(flag), stars: optional(integer, "The account's balance.") },
    gives: described({ type: "object" }, "https://core.telegram.org/bots/api#businessconnection"),
  },
  leave: { does: "A user leaves a chat", takes: inGroup, gives: yes },
  inlineQuery: {
    does: "Asks an inline query",
    takes: { user_id, query: text, offset: optional(text), chat_type: optional(text) },
    gives: { type: "object", properties: { inline_query_id: text, after: integer } },
  },
  botStatus: {
    does: "Adds, promotes, removes or bans the bot. In a private chat kicked blocks it and member unblocks it",
    takes: { ...where, status: STATUS, rights },
    gives: yes,
  },
  memberStatus: {
    does: "A user promotes, restricts, bans or readmits another one, who is member_id",
    takes: { ...inGroup, member_id: integer, status: STATUS, rights },
    gives: yes,
  },
  upgrade: { does: "Turns a group into a supergroup, which it gives", takes: inGroup, gives: ref("Chat") },
  push: {
    does: "Pushes updates of any kind. Gives their ids, null for a kind that allowed_updates excludes",
    takes: { updates: list(ref("Update")) },
    gives: list({ type: ["integer", "null"] }),
  },
  messages: {
    does: "Gives a chat's messages, the oldest first",
    takes: { chat_id: integer, by: optional(oneOf("bot"), "Those of the bot alone.") },
    gives: list(ref("Message")),
  },
  next: {
    does: "Gives the bot's next event in a chat that this action has not given yet. Waits for it, and fails at the timeout",
    takes: {
      chat_id: integer,
      type: optional(EVENT, "Default: message."),
      timeout: optional(integer, "Milliseconds; default 5,000."),
    },
    gives: ref("ChatEvent"),
  },
  events: {
    does: "Gives a chat's events after the seq in after. Waits up to the timeout for the first",
    takes: { chat_id: integer, after: optional(integer), timeout },
    gives: list(ref("ChatEvent")),
  },
  confirmed: {
    does: "Waits until the bot has taken every update. Gives false at the timeout",
    takes: { timeout: optional(integer, "Milliseconds; default 10,000.") },
    gives: flag,
  },
  fail: {
    does: "Has calls of a method, or of all (*), fail. Gives the fault's id",
    takes: {
      method: text,
      fault: described(
        { type: "object" },
        "{ error_code, description, retry_after, migrate_to_chat_id } for an error, { delay } in milliseconds for a slow answer, { breaks: before or after } for a connection that is cut off; with times, probability and when (values of parameters).",
      ),
    },
    gives: integer,
  },
  recover: { does: "Stops a fault, or all", takes: { id: optional(integer) }, gives: yes },
  flood: {
    does: "Has many people write, each in a private chat. The live events tell of each second",
    takes: {
      people: integer,
      rate: described(number, "Messages a second, of all together."),
      seconds: number,
      text,
    },
    gives: yes,
  },
  killWorker: {
    does: "Kills the thread of a worker. Only if asgigram simulate runs the bot, as for the next two",
    takes: { worker: optional(integer, "Its number; default 0.") },
    gives: yes,
  },
  killServer: { does: "Kills the server's process, which is started again", takes: {}, gives: yes },
  reload: { does: "Loads the bot's files anew", takes: {}, gives: yes },
  endFlood: { does: "Ends a flood", takes: {}, gives: yes },
  idle: {
    does: "Waits until the bot has taken all updates and made all calls. Gives what it is busy with at the timeout",
    takes: {
      timeout: optional(integer, "Milliseconds; default 5,000."),
      quiet: optional(integer, "Milliseconds without a call; default 5."),
    },
    gives: { type: "object", properties: { business: text } },
  },
  trace: {
    does: "Gives the bot's calls since the last action of a user, and the number of updates that it has not taken",
    takes: {},
    gives: { type: "object" },
  },
  download: {
    does: "Gives the bytes of a file, as Base64",
    takes: { file_id: text },
    gives: { type: "object", properties: { base64: text } },
  },
  advance: {
    does: "Sets the clock forward. Gives its time in milliseconds since 1970",
    takes: { seconds: number },
    gives: number,
  },
  roll: { does: "Decides the values of the next dice", takes: { values: list(integer) }, gives: yes },
  calls: {
    does: "Gives the bot's calls up to now. With after, those that are answered, once there are more than that",
    takes: { method: optional(text, "Default: all."), after: optional(integer, "A number of calls."), timeout },
    gives: list(ref("RecordedCall")),
  },
};
