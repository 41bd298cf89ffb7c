/**
 * Calls of every method of the Bot API, with the parameters that it must have and with all that it can have: a table that the bots of
 * all libraries read. Values with a `$` are filled in by the bot.
 */

import { METHOD_SCHEMAS } from "../../simulator/schema.ts";
import { methodSchema } from "../../simulator/schemas.ts";

export interface TableCall {
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Texts and captions that get the answer that they name: an error of Telegram's, or none, after the message was sent. */
export const FAULTS = ["500", "403", "moved", "lost"] as const;
export type Fault = (typeof FAULTS)[number];

/** Forms of a file: an id and a URL are texts, and the others are uploads. */
const TEXTS = ["id", "url"];
const UPLOADS = ["buffer", "path", "stream", "named", "large", "empty"];

/** Methods about the receiving of updates, those that would end the bot or its chat, and the one whose result is a matter of luck. */
const LEFT_OUT = [
  "getMe",
  "getUpdates",
  "getWebhookInfo",
  "setWebhook",
  "deleteWebhook",
  "logOut",
  "close",
  "leaveChat",
  "sendDice",
];

/** Calls that a bot makes for one message. */
const PART = 40;

/** @param hasUploads false for a library whose uploads do not work alone */
export function methodTable(hasUploads: boolean): TableCall[][] {
  const forms = hasUploads ? [...TEXTS, ...UPLOADS] : TEXTS;
  let form = 0;
  const file = () => {
    form += 1;
    return { $: forms[form % forms.length] };
  };
  const calls = Object.keys(METHOD_SCHEMAS)
    .filter((method) => !LEFT_OUT.includes(method))
    .flatMap((method) => {
      const { parameters } = methodSchema(method)!;
      const sets = [
        parameters.filter(({ required }) => required),
        parameters.filter(({ name, required }) => required || !/parse_mode$|^business_connection_id$/.test(name)),
      ];
      return sets.map((fields) => ({
        method,
        parameters: Object.fromEntries(fields.map(({ name, type }) => [name, sample(name, type, file)])),
      }));
    });
  return Array.from({ length: Math.ceil(calls.length / PART) }, (_, part) =>
    calls.slice(part * PART, (part + 1) * PART),
  );
}

/** Calls that get an error, or no answer. */
export function faultCalls(hasUploads: boolean): TableCall[] {
  const file = { $: hasUploads ? "stream" : "url" };
  return FAULTS.flatMap((fault) => [
    { method: "sendMessage", parameters: { chat_id: { $: "chat" }, text: fault } },
    { method: "sendDocument", parameters: { chat_id: { $: "chat" }, document: file, caption: fault } },
    {
      method: "copyMessage",
      parameters: { chat_id: { $: "chat" }, from_chat_id: { $: "chat" }, message_id: 1, caption: fault },
    },
  ]);
}

const TEXT = 'tea & "cake",\nä 1 < 2 + 🍵 %20';

function sample(name: string, type: string, file: () => unknown): unknown {
  switch (type) {
    case "string":
      return NAMED[name] ?? TEXT;
    case "number":
      return name === "message_id" ? { $: "message" } : 7;
    case "boolean":
      return true;
    case "id":
      return { $: "chat" };
    case "file":
      return file();
    case "array":
      return (STRUCTURES[name]?.(file) as unknown[]) ?? [thing, thing];
    default:
      return STRUCTURES[name === "media" ? "one_media" : name]?.(file) ?? thing;
  }
}

const NAMED: Record<string, string> = { action: "typing", currency: "XTR", emoji: "🎲", type: "quiz", name: "a_name" };

const thing = { type: "thing", id: "1", text: TEXT, number: 1.5, is_it: true, list: [1, [2]], nothing: {} };

const STRUCTURES: Record<string, ((file: () => unknown) => unknown) | undefined> = {
  media: (file) => [
    { type: "photo", media: file(), caption: TEXT },
    { type: "video", media: file(), thumbnail: file() },
  ],
  one_media: (file) => ({ type: "document", media: file(), thumbnail: file(), caption: TEXT }),
  explanation_media: (file) => ({ type: "photo", media: file() }),
  sticker: (file) => ({ sticker: file(), format: "static", emoji_list: ["🍵"] }),
  stickers: (file) => [
    { sticker: file(), format: "static", emoji_list: ["🍵"] },
    { sticker: file(), format: "video", emoji_list: ["☕"] },
  ],
  checklist: () => ({ title: TEXT, tasks: [{ id: 1, text: TEXT }] }),
  content: (file) => ({ type: "photo", photo: file() }),
  photo: (file) => ({ type: "static", photo: file() }),
  message_ids: () => [{ $: "message" }],
  options: () => [{ text: "Yes" }, { text: "No" }],
  commands: () => [{ command: "start", description: TEXT }],
  prices: () => [{ label: TEXT, amount: 100 }],
  scope: () => ({ type: "default" }),
  reaction: () => [{ type: "emoji", emoji: "👍" }],
  reply_markup: () => ({ inline_keyboard: [[{ text: TEXT, callback_data: TEXT }]] }),
  reply_parameters: () => ({ message_id: { $: "message" } }),
  results: () => [{ type: "article", id: "1", title: TEXT, input_message_content: { message_text: TEXT } }],
};
