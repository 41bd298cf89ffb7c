/** The calls that messages and updates lead to. */

import type { NumberedCall } from "../inspector/snapshot.ts";

/** A message in the result of a call. The results of copies name no chat. */
interface Made {
  readonly call: NumberedCall;
  readonly chat_id: number | undefined;
}

/** By message_id; the messages of different chats may have the same one. */
export type CallsByMessage = ReadonlyMap<number, readonly Made[]>;

export function callsByMessage(calls: Iterable<NumberedCall>): CallsByMessage {
  const made = new Map<number, Made[]>();
  for (const call of calls) {
    for (const one of [call.result].flat()) {
      const { message_id, chat } = (one ?? {}) as { message_id?: number; chat?: { id: number } };
      if (message_id === undefined) continue;
      const others = made.get(message_id) ?? [];
      made.set(message_id, [...others, { call, chat_id: chat?.id }]);
    }
  }
  return made;
}

/** The first call that made the message. */
export function callOf(made: CallsByMessage, message_id: number, chat: number): NumberedCall | undefined {
  return made.get(message_id)?.find(({ chat_id = chat }) => chat_id === chat)?.call;
}

/** By update_id, as a server tells. */
export function callsByUpdate(calls: Iterable<NumberedCall>): ReadonlyMap<number | undefined, readonly NumberedCall[]> {
  return Map.groupBy(calls, ({ origin }) => origin?.update_id);
}
