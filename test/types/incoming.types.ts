/** Types of the events from `receive()`: one per kind of update, which `type` discriminates. */

import type { Poll, Update } from "@grammyjs/types";
import type { DisconnectEvent, IncomingEvent, UpdateEvent, UpdateKind } from "asgigram";
import { type Equal, expectType, type Is, type IsAny } from "./expect.ts";

// ---- every kind ----

/** For each kind: true if the event of that type is exactly the Telegram object with a `type`. */
type Narrows = {
  [Kind in UpdateKind]: Extract<IncomingEvent, { type: `telegram.${Kind}` }> extends infer Event
    ? IsAny<Event> extends true
      ? false
      : Event extends Omit<NonNullable<Update[Kind]>, "type">
        ? Equal<Event, UpdateEvent<Kind>>
        : false
    : never;
};
true satisfies Is<Equal<Narrows[UpdateKind], true>>;

true satisfies Is<Equal<IncomingEvent["type"], `telegram.${UpdateKind}` | "telegram.disconnect">>;
true satisfies Is<Equal<Extract<IncomingEvent, { type: "telegram.disconnect" }>, DisconnectEvent>>;

// ---- examples, as in an application ----

export function byType(event: IncomingEvent): void {
  switch (event.type) {
    case "telegram.message":
    case "telegram.edited_message":
      expectType<string | undefined>(event.text);
      expectType<number>(event.from.id);
      break;
    case "telegram.callback_query":
      expectType<string | undefined>(event.data);
      expectType<number | undefined>(event.message?.date);
      break;
    case "telegram.inline_query":
      expectType<string>(event.query);
      break;
    case "telegram.poll_answer":
      expectType<number | undefined>(event.voter_chat?.id ?? event.user?.id);
      break;
    case "telegram.poll":
      // The Poll's own `type` is `poll_type`.
      expectType<Poll["type"]>(event.poll_type);
      expectType<"telegram.poll">(event.type);
      break;
    case "telegram.deleted_business_messages":
      expectType<number[]>(event.message_ids);
      break;
    case "telegram.disconnect":
      expectType<"idle" | "evicted" | "shutdown" | "reload" | "moved">(event.reason);
      // @ts-expect-error it has no other keys
      event.text;
      break;
    // @ts-expect-error a misspelt kind
    case "telegram.mesage":
      break;
  }
  // @ts-expect-error the event has not been narrowed to a message
  event.text;
  // @ts-expect-error the update's id is no key of the event
  event.update_id;
}
