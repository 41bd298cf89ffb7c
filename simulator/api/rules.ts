/**
 * The refusals of calls whose parameters Telegram does not take. A call is read first, then its chat is looked for, and what is left is
 * checked in the chat: that is the order of the public server, and so a call with two faults gets its text.
 */

import type { MethodSchema } from "../schemas.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import type { World } from "../state/world.ts";
import { writableChatOf } from "./access.ts";
import type { Call } from "./call.ts";
import { badRequest } from "./refusal.ts";
import { readReply, replyOf } from "./replies.ts";
import { checkMarkup, markupOf } from "./reply-markup.ts";
import { checkDice, checkReactions, readReactions } from "./rules/emoji.ts";
import { checkDownload, checkFiles, readChatPhoto, readUploads } from "./rules/files.ts";
import { checkInlineResult, checkInlineResults } from "./rules/inline-results.ts";
import { checkLiveLocation, checkLocation } from "./rules/locations.ts";
import {
  checkAlbum,
  checkPaidMedia,
  checkReplacement,
  readAlbum,
  readPaidMedia,
  readReplacement,
} from "./rules/media.ts";
import { checkMessageIds } from "./rules/message-ids.ts";
import { checkPoll, readPoll } from "./rules/polls.ts";
import { checkCaption, checkText, readCaption, readText } from "./rules/texts.ts";
import { threadOf } from "./rules/threads.ts";
import { checkWebhook } from "./rules/webhooks.ts";
import type { Telegram } from "./telegram.ts";

/** Refuses a call for what it says. */
type ReadRule = (call: Call, telegram: Telegram) => unknown;
/** Refuses a call in its chat, which an inline message does not have. */
type ChatRule = (call: Call, record: ChatRecord | undefined, telegram: Telegram) => unknown;

interface Rules {
  read?: readonly ReadRule[];
  inChat?: readonly ChatRule[];
}

const BY_METHOD: Record<string, Rules> = {
  sendMessage: { read: [readText], inChat: [checkText] },
  editMessageText: { read: [readText], inChat: [checkText] },
  sendPoll: { read: [readPoll], inChat: [checkPoll] },
  sendDice: { inChat: [checkDice] },
  sendLocation: { inChat: [checkLiveLocation] },
  editMessageLiveLocation: { inChat: [checkLiveLocation] },
  sendMediaGroup: { read: [readAlbum], inChat: [checkAlbum] },
  editMessageMedia: { read: [readReplacement], inChat: [checkReplacement] },
  sendPaidMedia: { read: [readPaidMedia], inChat: [checkPaidMedia] },
  setMessageReaction: { read: [readReactions], inChat: [checkReactions] },
  answerInlineQuery: { read: [checkInlineResults] },
  answerWebAppQuery: { read: [checkInlineResult] },
  answerGuestQuery: { read: [checkInlineResult] },
  savePreparedInlineMessage: { read: [checkInlineResult] },
  setWebhook: { read: [checkWebhook] },
  getFile: { read: [checkDownload] },
  setChatPhoto: { read: [readChatPhoto] },
};

/** Rules for each method that has the parameter. */
const BY_PARAMETER: Record<string, Rules> = {
  message_ids: { read: [checkMessageIds] },
  caption: { read: [readCaption], inChat: [checkCaption] },
  reply_parameters: { read: [readReply], inChat: [inGivenChat(replyOf)] },
  reply_markup: { read: [markupOf], inChat: [checkKeyboard] },
  message_thread_id: { inChat: [inGivenChat(threadOf)] },
  latitude: { inChat: [checkLocation] },
};

/** Rules for each method that takes files. */
const FILES: Rules = { read: [readUploads], inChat: [(call, _, telegram) => checkFiles(call, telegram)] };

function inGivenChat(rule: (call: Call, record: ChatRecord, world: World) => unknown): ChatRule {
  return (call, record, { world }) => record !== undefined && rule(call, record, world);
}

/** An edit is for an inline keyboard only. */
function checkKeyboard(call: Call, record: ChatRecord | undefined): void {
  const markup = markupOf(call);
  const isSent = /^(send|copy)/.test(call.method);
  const message = isSent ? undefined : record?.messages.get(call.number("message_id") ?? 0);
  const content =
    call.method === "sendInvoice" || message?.invoice !== undefined
      ? "invoice"
      : call.method === "sendGame" || message?.game !== undefined
        ? "game"
        : undefined;
  checkMarkup(markup, { type: record?.chat.type, inlineOnly: !isSent, content });
}

/** @throws Refusal (400, 403, 413, or 429 at a limit) */
export function check(schema: MethodSchema, call: Call, telegram: Telegram): void {
  const { read, inChat } = rulesOf(schema);
  for (const rule of read) rule(call, telegram);
  if (inChat.length === 0) return;
  const record = isInline(schema, call) ? undefined : writableChatOf(telegram.world, call);
  for (const rule of inChat) rule(call, record, telegram);
  const count = messagesIn(call);
  if (record !== undefined && count > 0)
    telegram.limits?.take(record.chat, count, call.boolean("allow_paid_broadcast"));
}

const SENDING = /^(send(?!ChatAction|MessageDraft)|forward|copy)/;

/** The number of messages that a call sends. */
function messagesIn(call: Call): number {
  if (!SENDING.test(call.method)) return 0;
  return call.method === "sendMediaGroup" ? call.array("media")!.length : (call.array("message_ids")?.length ?? 1);
}

/** True for the edit of an inline message. @throws Refusal (400) if the call names no message at all */
function isInline({ parameters }: MethodSchema, call: Call): boolean {
  if (call.has("chat_id") || call.has("message_id")) return false;
  if (call.has("inline_message_id")) return true;
  if (parameters.some(({ name }) => name === "inline_message_id"))
    throw badRequest("Message identifier is not specified");
  return false;
}

const known = new Map<string, Required<Rules>>();

function rulesOf(schema: MethodSchema): Required<Rules> {
  const before = known.get(schema.name);
  if (before !== undefined) return before;
  const rules = collect(schema);
  known.set(schema.name, rules);
  return rules;
}

/** Methods whose content is read first, and checked last, in the chat. */
function collect({ name, parameters }: MethodSchema): Required<Rules> {
  const has = (wanted: string) => parameters.some((parameter) => parameter.name === wanted);
  // Its handler looks for the topic, and has refusals of its own.
  const isTopic = /ForumTopic(?!Icon)/.test(name);
  const hasFiles = parameters.some(({ type }) => type === "file") || has("media");
  const own = BY_METHOD[name] ?? {};
  const shared = [
    ...parameters.flatMap((parameter) => BY_PARAMETER[parameter.name] ?? []),
    ...(hasFiles ? [FILES] : []),
  ];
  const sets = isTopic ? [] : shared;
  return {
    read: [own, ...sets].flatMap(({ read = [] }) => read),
    inChat: has("chat_id") && name !== "sendChatAction" ? [...sets, own].flatMap(({ inChat = [] }) => inChat) : [],
  };
}
