/**
 * Every method that sends a message: https://core.telegram.org/bots/api#sendmessage and the methods after it. The
 * content comes from the generated schema (`sendVideoNote` fills `video_note`); this file holds only the exceptions.
 */

import type { Message, MessageEntity } from "@grammyjs/types";
import { objectSchema } from "../../schemas.ts";
import type { ChatRecord } from "../../state/chat-record.ts";
import { addMessage, type Content, withoutProfile } from "../../state/messages.ts";
import { format } from "../../text/format.ts";
import { writableChatOf } from "../access.ts";
import { Call } from "../call.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import { replyOf } from "../replies.ts";
import { type Markup, markupOf } from "../reply-markup.ts";
import { requireSending } from "../rights.ts";
import { threadOf } from "../rules/threads.ts";
import type { Handler, Telegram } from "../telegram.ts";

export const sendingMethods: Record<string, Handler> = {
  sendMediaGroup(call, telegram) {
    const media = call.array<Record<string, unknown>>("media")!;
    // One message is no album.
    const album = media.length > 1 ? { media_group_id: telegram.world.nextQueryId() } : {};
    return media.map((item) => {
      const { type, media: file, ...rest } = item;
      const one = new Call(methodFor(type), { ...call.values, [String(type)]: file, ...rest }, call.signal);
      return send(one, telegram, album);
    });
  },

  sendChatAction(call, { world }) {
    const action = call.string("action")!.toLowerCase();
    if (!ACTIONS.has(action)) throw badRequest("Wrong parameter action in request");
    const { chat } = writableChatOf(world, call);
    world.journal.record(chat.id, { by: "bot", type: "action", action });
    return true;
  },
};

const ACTIONS: ReadonlySet<string> = new Set(
  (
    "typing upload_photo record_video upload_video record_voice upload_voice record_audio upload_audio upload_document " +
    "choose_sticker cancel pick_up_location find_location record_video_note upload_video_note"
  ).split(" "),
);

/** Handles any method that sends one message. */
export function send(call: Call, telegram: Telegram, more: Content = {}): Message {
  const { world } = telegram;
  const record = writableChatOf(world, call);
  const content = { ...replyOf(call, record, world), ...contentOf(call, telegram), ...more };
  return post(call, telegram, record, content);
}

/** Sends ready content: the last step of every sending, forwarding and copying method. */
export function post(call: Call, { world }: Telegram, record: ChatRecord, content: Content): Message {
  const markup = markupOf(call);
  if (!call.has("business_connection_id")) requireSending(world, record, content);
  applyKeyboard(record, markup);
  const thread = threadOf(call, record, world);
  return addMessage(
    world,
    record,
    {
      by: "bot",
      from: withoutProfile(world.bot),
      business_connection_id: call.string("business_connection_id"),
      keyboard: markup.keyboard,
    },
    {
      ...(thread !== undefined && { message_thread_id: thread, is_topic_message: true }),
      ...(call.boolean("protect_content") && { has_protected_content: true }),
      ...(call.has("message_effect_id") && { effect_id: call.string("message_effect_id")! }),
      ...content,
      ...(markup.inline !== undefined && { reply_markup: markup.inline }),
    },
  );
}

/** The parameters that become a message's text, caption or medium. */
export function contentOf(call: Call, telegram: Telegram): Content {
  if (call.method === "sendMessage") return textOf(call);
  const key = contentKey(call.method);
  const type = objectSchema("Message")?.fields.find((field) => field.name === key)?.type;
  const medium = type === undefined ? undefined : plausible(type, renamed(call, key), telegram);
  return { ...(medium !== undefined && { [key]: amended(key, medium, call, telegram) }), ...captionOf(call) };
}

/** `text` with its entities, of any length. @throws Refusal (400) */
export const textOf = (call: Call): Content =>
  call.once("text", () => {
    const { text, entities } = format(call.string("text") ?? "", call.values.parse_mode, call.array("entities"));
    const preview = call.object("link_preview_options");
    return { text, ...some("entities", entities), ...(preview !== undefined && { link_preview_options: preview }) };
  });

/** `caption` with its entities, of any length, if there is one. @throws Refusal (400) */
export const captionOf = (call: Call): Content =>
  call.once("caption", () => {
    const source = call.string("caption");
    if (source === undefined) return {};
    const { text, entities } = format(source, call.values.parse_mode, call.array("caption_entities"));
    return {
      ...(text !== "" && { caption: text, ...some("caption_entities", entities) }),
      ...(call.boolean("show_caption_above_media") && { show_caption_above_media: true }),
      ...(call.boolean("has_spoiler") && { has_media_spoiler: true }),
    };
  });

const some = (key: "entities" | "caption_entities", entities: MessageEntity[]) =>
  entities.length > 0 ? { [key]: entities } : {};

function applyKeyboard(record: ChatRecord, markup: Markup): void {
  if (markup.keyboard !== undefined) record.keyboard = markup.keyboard;
  else if (markup.removesKeyboard) record.keyboard = undefined;
}

/** `sendVideoNote` -> `video_note` */
const contentKey = (method: string) =>
  method
    .slice("send".length)
    .replaceAll(/\B[A-Z]/g, "_$&")
    .toLowerCase();

/** `video_note` -> `sendVideoNote` */
const methodFor = (type: unknown) =>
  `send${String(type).replaceAll(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase())}`;

/** The schema's filler looks for a file under the call's method name: here the name of the content. */
const renamed = (call: Call, key: string) => new Call(key, call.values, call.signal);

/** Completes a medium with values computed from the parameters. */
function amended(key: string, medium: unknown, call: Call, { dice }: Telegram): unknown {
  const object = medium as Record<string, unknown>;
  if (key === "dice") {
    const emoji = call.string("emoji") ?? "🎲";
    return { emoji, value: dice.roll(emoji) };
  }
  if (key === "invoice") {
    const prices = call.array<{ amount?: number }>("prices") ?? [];
    return { ...object, total_amount: prices.reduce((total, { amount = 0 }) => total + Number(amount), 0) };
  }
  if (key === "game") return { ...object, title: call.string("game_short_name") };
  return medium;
}
