/** Forwards and copies: https://core.telegram.org/bots/api#forwardmessage, #copymessage. Refusals are td's (MessagesManager.cpp). */

import type { Message } from "@grammyjs/types";
import type { Content } from "../../state/messages.ts";
import { chatOf, messageOf, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { copyOf, forwardOf, mayBeCopied, mayBeForwarded } from "../forwards.ts";
import { badRequest } from "../refusal.ts";
import { replyOf } from "../replies.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { captionOf, post } from "./sending.ts";

export const copyingMethods: Record<string, Handler> = {
  forwardMessage: (call, telegram) => single(call, telegram, FORWARD),
  forwardMessages: (call, telegram) => several(call, telegram, FORWARD),
  copyMessage: (call, telegram) => idOf(single(call, telegram, COPY)),
  copyMessages: (call, telegram) => several(call, telegram, COPY),
};

interface Transfer {
  /** For the refusal of a message that does not exist. */
  verb: "forward" | "copy";
  /** The refusal of a message that exists. */
  reason: string;
  isPossible: (message: Message) => boolean;
  contentOf: (message: Message, call: Call) => Content;
}

const FORWARD: Transfer = {
  verb: "forward",
  reason: "The message can't be forwarded",
  isPossible: mayBeForwarded,
  contentOf: (message) => forwardOf(message),
};

const COPY: Transfer = {
  verb: "copy",
  reason: "The message can't be copied",
  isPossible: mayBeCopied,
  contentOf: captionedCopyOf,
};

function captionedCopyOf(message: Message, call: Call): Content {
  const content = copyOf(message);
  if (!call.has("caption") && !call.boolean("remove_caption")) return content;
  const { caption: _, caption_entities: __, ...bare } = content;
  return { ...bare, ...captionOf(call) };
}

const sourceOf = (call: Call, { world }: Telegram) => chatOf(world, call, "from_chat_id");

function single(call: Call, telegram: Telegram, { verb, reason, isPossible, contentOf }: Transfer): Message {
  const message = messageOf(sourceOf(call, telegram), call.number("message_id"), verb);
  const record = writableChatOf(telegram.world, call);
  if (!isPossible(message)) throw badRequest(reason);
  const reply = verb === "copy" ? replyOf(call, record, telegram.world) : {};
  return post(call, telegram, record, { ...reply, ...contentOf(message, call) });
}

/** "If some of the specified messages can't be found or forwarded, they are skipped." The words are the same for copies. */
function several(call: Call, telegram: Telegram, { isPossible, contentOf }: Transfer): { message_id: number }[] {
  const source = sourceOf(call, telegram);
  const found = call.array<unknown>("message_ids")!.flatMap((id) => source.messages.get(Number(id)) ?? []);
  if (found.length === 0) throw badRequest("There are no messages to forward");
  const record = writableChatOf(telegram.world, call);
  const possible = found.filter(isPossible);
  if (possible.length === 0) throw badRequest("Messages can't be forwarded");
  const albums = albumsOf(possible, telegram);
  return possible.map((message) =>
    idOf(post(call, telegram, record, { ...contentOf(message, call), ...albums.get(message.media_group_id) })),
  );
}

/** "Album grouping is kept." By media_group_id: the field of the new album, if two messages or more are of it. */
function albumsOf(messages: readonly Message[], { world }: Telegram): Map<string | undefined, Content> {
  const albums = Map.groupBy(messages, ({ media_group_id }) => media_group_id);
  const kept = [...albums].filter(([id, members]) => id !== undefined && members.length > 1);
  return new Map(kept.map(([id]) => [id, { media_group_id: world.nextQueryId() }]));
}

const idOf = ({ message_id }: Message) => ({ message_id });
