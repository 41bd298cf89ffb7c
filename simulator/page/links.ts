/** The calls that messages and updates lead to. */

import type { Message } from "@grammyjs/types";
import type { NumberedCall } from "../inspector/snapshot.ts";
import { keyOf } from "./world.ts";

/** A message in the result of a call. The results of copies name no chat. */
interface Made {
  readonly call: NumberedCall;
  readonly chat_id: number | undefined;
}

/** By the message's key; the messages of different chats may have the same one. */
export type CallsByMessage = ReadonlyMap<number, readonly Made[]>;

export function callsByMessage(calls: Iterable<NumberedCall>): CallsByMessage {
  const made = new Map<number, Made[]>();
  for (const call of calls) {
    for (const one of [call.result].flat()) {
      const message = (one ?? {}) as Partial<Message>;
      if (message.message_id === undefined) continue;
      const key = keyOf(message as Message);
      made.set(key, [...(made.get(key) ?? []), { call, chat_id: message.chat?.id }]);
    }
  }
  return made;
}

/** The first call that made the message. */
export function callOf(made: CallsByMessage, key: number, chat: number): NumberedCall | undefined {
  return made.get(key)?.find(({ chat_id = chat }) => chat_id === chat)?.call;
}

/** By update_id, as a server tells. */
export function callsByUpdate(calls: Iterable<NumberedCall>): ReadonlyMap<number | undefined, readonly NumberedCall[]> {
  return Map.groupBy(calls, ({ origin }) => origin?.update_id);
}
