/**
 * The actions as data: the parameters that HTTP callers give, and the OpenAPI description. The types of actions.ts decide: an action or
 * a parameter that is missing here, or is optional in one place alone, is an error of the compiler.
 */

import type { ActionName, Takes } from "../clients/actions/actions.ts";
import { described, flag, integer, type JsonSchema, list, number, oneOf, ref, text, yes } from "./json-schema.ts";

/** A parameter that may be left out. */
export interface Optional {
  readonly optional: JsonSchema;
}

type ParametersOf<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : JsonSchema;
};

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
const chat_id = optional(integer, "Default: the user's private chat with the bot.");
const message_id = integer;
const where = { user_id, chat_id };
const inGroup = { user_id, chat_id: integer };
const timeout = optional(integer, "Milliseconds.");
const upload = {
  ...where,
  base64: described(text, "The bytes of the file."),
  caption: optional(text),
  reply_to: optional(integer, "The id of a message."),
};
const mime = optional(text, "MIME type; default: by the name.");
const seconds = optional(number, "Seconds; default: an estimate by the size.");
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
      username: optional(text),
    },
    gives: ref("Chat"),
  },
  send: {
    does: "Sends a message as a user. Commands, mentions and links in a text become entities",
    takes: {
      ...where,
      content: described({ type: "object" }, 'Fields of a message: { "text": "hi" }, { "location": … }, …'),
      reply_to: optional(integer, "The id of a message."),
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
    takes: {
      ...upload,
      name: optional(text),
      type: mime,
      width: optional(integer),
      height: optional(integer),
      duration: seconds,
    },
    gives: ref("Message"),
  },
  sendVoice: {
    does: "Sends a file as a voice message. It is not looked into",
    takes: { ...upload, name: optional(text), type: mime, duration: seconds },
    gives: ref("Message"),
  },
  edit: {
    does: "Edits a user's message",
    takes: { ...where, message_id, content: { type: "object" } },
    gives: ref("Message"),
  },
  press: {
    does: "Presses a button. Without message_id: of the latest message that has it, or of the reply keyboard",
    takes: { ...where, message_id: optional(integer), button },
    gives: ref("Pressed"),
  },
  react: {
    does: "Replaces a user's reaction. Without an emoji it is removed",
    takes: { ...where, message_id, emoji: optional(text) },
    gives: yes,
  },
  vote: {
    does: "Votes in a poll. Without options the vote is retracted",
    takes: { ...where, message_id, options: described(list(integer), "Positions, from 0.") },
    gives: yes,
  },
  join: { does: "A user joins a chat", takes: inGroup, gives: yes },
  leave: { does: "A user leaves a chat", takes: inGroup, gives: yes },
  inlineQuery: {
    does: "Asks an inline query",
    takes: { user_id, query: text, offset: optional(text) },
    gives: { type: "object", properties: { inline_query_id: text, after: integer } },
  },
  botStatus: {
    does: "Adds, promotes, removes or bans the bot. In a private chat kicked blocks it and member unblocks it",
    takes: { ...where, status: oneOf("creator", "administrator", "member", "restricted", "left", "kicked") },
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
    takes: { chat_id: integer },
    gives: list(ref("Message")),
  },
  next: {
    does: "Gives the bot's next event in a chat that this action has not given yet. Waits for it, and fails at the timeout",
    takes: {
      chat_id: integer,
      type: optional(
        oneOf("message", "edited", "deleted", "action", "reaction", "callback-answer", "inline-answer"),
        "Default: message.",
      ),
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
  calls: {
    does: "Gives the bot's calls up to now",
    takes: { method: optional(text, "Spelt as by the caller; default: all.") },
    gives: list(ref("RecordedCall")),
  },
};
