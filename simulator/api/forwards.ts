/**
 * The content that a forward or a copy takes over: https://core.telegram.org/bots/api#forwardmessage, #copymessage. All else belongs to the
 * first message, its sender and its place. The rules are td's: MessagesManager.cpp (`can_forward_message`, `fix_forwarded_message`),
 * MessageContent.cpp (`can_forward_message_content`), MessageContentType.cpp (`is_service_message_content`).
 */

import type { Message } from "@grammyjs/types";
import type { Content } from "../state/messages.ts";
import { originOf } from "./origin.ts";

/** Content that is no text: also in https://core.telegram.org/bots/api#externalreplyinfo. */
export const ATTACHED_KINDS: readonly string[] = (
  "animation audio document live_photo paid_media photo sticker story video video_note voice checklist contact dice game " +
  "giveaway giveaway_winners invoice poll venue location"
).split(" ");
/** Fields of which one makes a message; one without any is a service message. */
const KINDS = ["text", "rich_message", ...ATTACHED_KINDS];
/** Fields that describe the one above. */
const DETAILS =
  "entities link_preview_options caption caption_entities show_caption_above_media has_media_spoiler".split(" ");
/** Fields that a copy loses: it "doesn't have a link to the original message". */
const LINKS = ["via_bot", "external_reply"];
const UNCOPIED = ["paid_media", "giveaway", "giveaway_winners", "invoice"];

export function forwardOf(message: Message): Content {
  // The quote of a message in the same chat goes with that message.
  const quote = message.external_reply === undefined ? [] : ["quote"];
  return { ...partOf(message, [...KINDS, ...DETAILS, ...LINKS, ...quote]), forward_origin: originOf(message) };
}

export const copyOf = (message: Message): Content => partOf(message, [...KINDS, ...DETAILS]);

export const mayBeForwarded = (message: Message): boolean =>
  hasContent(message) && message.has_protected_content !== true;

/** Protected content may be copied by a bot. */
export const mayBeCopied = (message: Message): boolean =>
  hasContent(message) && !UNCOPIED.some((kind) => kind in message) && !isSecretQuiz(message);

const hasContent = (message: Message) => KINDS.some((kind) => kind in message);

/** "A quiz poll can be copied only if the value of the field correct_option_ids is known to the bot." */
const isSecretQuiz = ({ poll }: Message) =>
  poll?.type === "quiz" && (poll as { correct_option_ids?: number[] }).correct_option_ids === undefined;

function partOf(message: Message, names: readonly string[]): Content {
  const fields = message as unknown as Record<string, unknown>;
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}
