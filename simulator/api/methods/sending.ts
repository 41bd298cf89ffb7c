/**
 * Every method that sends a message: https://core.telegram.org/bots/api#sendmessage and the methods after it. The
 * content comes from the generated schema (`sendVideoNote` fills `video_note`); this file holds only the exceptions.
 */

import type { Animation, LivePhoto, Message, MessageEntity, PhotoSize, Venue } from "@grammyjs/types";
import { objectSchema } from "../../schemas.ts";
import type { ChatRecord } from "../../state/chat-record.ts";
import { addMessage, type Content, withoutProfile } from "../../state/messages.ts";
import type { World } from "../../state/world.ts";
import { format } from "../../text/format.ts";
import { personOf, writableChatOf } from "../access.ts";
import { Call } from "../call.ts";
import { paidMediaOf, pollOf, richOf, uploadedPhoto } from "../contents.ts";
import { withKnownUsers } from "../mentions.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import { replyOf } from "../replies.ts";
import { type Markup, markupOf } from "../reply-markup.ts";
import { requireSending } from "../rights.ts";
import { threadOf } from "../rules/threads.ts";
import type { Handler, Telegram } from "../telegram.ts";

/** Methods that send one message. sendInvoice and sendPaidMedia, which do more, are in payments.ts. */
const SENT = (
  "Message Photo LivePhoto Audio Document Video Animation Voice VideoNote Location Venue Contact Poll Checklist Dice " +
  "Sticker RichMessage Game"
).split(" ");

export const sendingMethods: Record<string, Handler> = {
  ...Object.fromEntries(SENT.map((kind) => [`send${kind}`, (call: Call, telegram: Telegram) => send(call, telegram)])),

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
export function post(call: Call, { world }: Telegram, record: ChatRecord, given: Content): Message {
  const content = withKnownUsers(given, world);
  const markup = markupOf(call);
  if (!call.has("business_connection_id")) requireSending(world, record, content);
  const receiver = call.object<{ receiver_user_id?: number }>("ephemeral_message_parameters")?.receiver_user_id;
  if (receiver !== undefined) return whisper(call, world, record, receiver, { ...content, ...inlineIn(markup) });
  applyKeyboard(record, markup);
  const thread = threadOf(call, record, world, content.reply_to_message?.message_thread_id);
  return addMessage(
    world,
    record,
    {
      by: "bot",
      from: withoutProfile(world.bot),
      business_connection_id: call.string("business_connection_id"),
      keyboard: markup.keyboard,
      force_reply: markup.force_reply,
    },
    {
      ...thread,
      ...(call.boolean("protect_content") && { has_protected_content: true }),
      ...(call.has("message_effect_id") && { effect_id: call.string("message_effect_id")! }),
      ...content,
      ...inlineIn(markup),
    },
  );
}

const inlineIn = ({ inline }: Markup): Content => (inline === undefined ? {} : { reply_markup: inline });

/** An ephemeral message: one user sees it, and it is no message of the chat. */
function whisper(call: Call, world: World, record: ChatRecord, receiver_user_id: number, content: Content): Message {
  personOf(world, receiver_user_id);
  const ephemeral_message_id = world.accounts.next();
  const from = withoutProfile(world.bot);
  const head = { message_id: 0, ephemeral_message_id, from, chat: record.chat, date: world.date };
  const message = { ...head, ...threadOf(call, record, world), ...content } as Message;
  record.ephemeral.set(`${receiver_user_id}/${ephemeral_message_id}`, message);
  world.journal.record(record.chat.id, { by: "bot", type: "ephemeral", message, receiver_user_id });
  return message;
}

/** The parameters that become a message's text, caption or medium. */
export function contentOf(call: Call, telegram: Telegram): Content {
  const own = CONTENTS[call.method]?.(call, telegram);
  if (own !== undefined) return { ...own, ...captionOf(call) };
  const key = contentKey(call.method);
  const type = objectSchema("Message")?.fields.find((field) => field.name === key)?.type;
  const medium = type === undefined ? undefined : plausible(type, renamed(call, key), telegram);
  const filled = medium === undefined ? {} : { [key]: amended(key, medium, call, telegram) };
  return { ...filled, ...alsoAs(key, medium, call, telegram), ...captionOf(call) };
}

/** Fields "for backward compatibility": an animation is a document as well, a venue a location, and a live photo a photo. */
function alsoAs(key: string, medium: unknown, call: Call, telegram: Telegram): Content {
  if (key === "venue") return { location: (medium as Venue).location };
  if (key === "live_photo") {
    const sizes = uploadedPhoto(call, telegram) ?? plausible("PhotoSize[]", renamed(call, "photo"), telegram);
    const photo = sizes as PhotoSize[];
    return { live_photo: { ...(medium as LivePhoto), photo }, photo };
  }
  if (key !== "animation") return {};
  const { width: _, height: __, duration: ___, ...document } = medium as Animation;
  return { document };
}

/** Content that the schema does not describe; undefined where it does, for these parameters. */
const CONTENTS: Record<string, (call: Call, telegram: Telegram) => Content | undefined> = {
  sendMessage: (call) => textOf(call),
  sendPhoto(call, telegram) {
    const photo = uploadedPhoto(call, telegram);
    return photo && { photo };
  },
  sendPoll: pollOf,
  sendPaidMedia: paidMediaOf,
  sendRichMessage: richOf,
};

/** The new content of a message whose text is edited; a rich message may become a text, and a text a rich message. */
export function editedText(message: Message, call: Call, telegram: Telegram): Content {
  const { text, entities: _, link_preview_options: __, rich_message, ...rest } = message;
  if (text === undefined && rich_message === undefined) throw badRequest("there is no text in the message to edit");
  return { ...rest, ...(call.has("rich_message") ? richOf(call, telegram) : textOf(call)) };
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
  if (markup.keyboard !== undefined) record.keyboard = markup.keyboard ?? undefined;
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
    return {
      ...object,
      start_parameter: call.string("start_parameter") ?? "",
      total_amount: prices.reduce((total, { amount = 0 }) => total + Number(amount), 0),
    };
  }
  if (key === "game") return { ...object, title: call.string("game_short_name") };
  return medium;
}
