/** The arguments and results of `send()`. The compiler finds wrong events. */

import type { ApiMethods, Message, Poll, User } from "@grammyjs/types";
import type { MethodEvent, OutgoingEvent, OutgoingType, ResultOf, Send } from "asgigram";
import type { MethodName } from "../../src/protocol/events.ts";
import { type Equal, expectType, type Is, type IsAny } from "./expect.ts";

declare const send: Send;

// ---- every method ----

type Methods = Pick<ApiMethods<never>, MethodName>;

true satisfies Is<Equal<{ [T in OutgoingType]: IsAny<ResultOf<T>> }[OutgoingType], false>>;
true satisfies Is<Equal<{ [T in OutgoingType]: IsAny<MethodEvent<T>> }[OutgoingType], false>>;

/** `chat_id` and `business_connection_id` come from the scope: no event requires them. */
type Needs<T extends OutgoingType, Key extends string> =
  MethodEvent<T> extends infer Event ? (Event extends { [K in Key]: unknown } ? T : never) : never;
true satisfies Is<Equal<{ [T in OutgoingType]: Needs<T, "chat_id"> }[OutgoingType], never>>;
true satisfies Is<Equal<{ [T in OutgoingType]: Needs<T, "business_connection_id"> }[OutgoingType], never>>;

/** sendPoll is the one method with a parameter `type`, which the event's own `type` would hide. */
type HasType<M extends keyof Methods> =
  Parameters<Methods[M]> extends [infer P] | [(infer P)?] ? ("type" extends keyof NonNullable<P> ? M : never) : never;
true satisfies Is<Equal<{ [M in keyof Methods]: HasType<M> }[keyof Methods], "sendPoll">>;

// ---- results ----

export async function results(): Promise<void> {
  const sent = await send({ type: "telegram.send_message", text: "x" });
  true satisfies Is<Equal<IsAny<typeof sent>, false>>;
  expectType<Message>(sent);
  expectType<string>(sent.text);

  const me = await send({ type: "telegram.get_me" });
  expectType<User>(me);
  expectType<string>(me.username);

  // The edited Message, or true for an inline message.
  const edited = await send({ type: "telegram.edit_message_text", message_id: 1, text: "x" });
  true satisfies Is<Equal<IsAny<typeof edited>, false>>;
  if (edited !== true) expectType<Message>(edited);
  // @ts-expect-error it may be true
  expectType<Message>(edited);

  expectType<true>(await send({ type: "telegram.answer_callback_query", callback_query_id: "1" }));
  expectType<Poll>(await send({ type: "telegram.stop_poll", message_id: 1 }));
  expectType<number>(await send({ type: "telegram.get_chat_member_count" }));
}

// ---- keys that may be left out, and shorthands ----

export async function accepted(event: OutgoingEvent): Promise<void> {
  await send({ type: "telegram.send_message", chat_id: 1, text: "x" });
  await send({ type: "telegram.send_message", chat_id: "@channel", business_connection_id: "b", text: "x" });
  await send({ type: "telegram.send_message", text: "x", reply_to_message_id: 1 });
  await send({ type: "telegram.send_message", text: "x", reply_parameters: { message_id: 1 } });
  await send({ type: "telegram.copy_message", from_chat_id: 1, message_id: 1, reply_to_message_id: 1 });
  await send({ type: "telegram.send_photo", photo: "https://example.com/cat.jpg", caption: "a cat" });
  await send({ type: "telegram.send_poll", question: "?", options: [{ text: "yes" }], poll_type: "quiz" });
  await send({ type: "telegram.edit_message_text", inline_message_id: "1", text: "x" });
  await send({
    type: "telegram.send_message",
    text: "x",
    reply_markup: { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] },
  });
  await send({ type: "telegram.send_media_group", media: [{ type: "photo", media: "file_id" }] });
  await send({ type: "telegram.edit_message_text", message_id: 1, text: "x", asgigram: { coalesce: true } });
  await send({ type: "telegram.send_chat_action", action: "typing", asgigram: { coalesce: false } });
  await send({ type: "telegram.send_message_draft", draft_id: 1, text: "x", asgigram: {} });
  await send({ type: "telegram.send_message", text: "x", asgigram: { bulk: true } });
  await send({
    type: "telegram.edit_message_text",
    message_id: 1,
    text: "x",
    asgigram: { coalesce: true, bulk: false },
  });
  // An event made elsewhere, of any type.
  await send(event);
  const made = { type: "telegram.send_message", text: "x" } as const;
  expectType<Message>(await send(made));
}

// ---- wrong events ----

export async function refused(): Promise<void> {
  // @ts-expect-error a message cannot be coalesced
  await send({ type: "telegram.send_message", text: "x", asgigram: { coalesce: true } });
  // @ts-expect-error there is no such option
  await send({ type: "telegram.edit_message_text", message_id: 1, text: "x", asgigram: { merge: true } });
  // @ts-expect-error the type is misspelt
  await send({ type: "telegram.send_mesage", text: "x" });
  // @ts-expect-error the type is the Bot API's name
  await send({ type: "telegram.sendMessage", text: "x" });
  // @ts-expect-error the type is an incoming one
  await send({ type: "telegram.message", text: "x" });
  // @ts-expect-error no type
  await send({ text: "x" });
  // @ts-expect-error no text
  await send({ type: "telegram.send_message" });
  // @ts-expect-error no text, and a key that looks like it
  await send({ type: "telegram.send_message", txt: "x" });
  // @ts-expect-error a key that the method does not have
  await send({ type: "telegram.send_message", text: "x", chatid: 1 });
  // @ts-expect-error a key of another method
  await send({ type: "telegram.send_message", text: "x", photo: "file_id" });
  // @ts-expect-error a value of the wrong type
  await send({ type: "telegram.send_message", text: 1 });
  // @ts-expect-error a method without parameters
  await send({ type: "telegram.get_me", poll_type: "quiz" });
  // @ts-expect-error a method that cannot reply
  await send({ type: "telegram.send_chat_action", action: "typing", reply_to_message_id: 1 });
  // @ts-expect-error no such type of poll
  await send({ type: "telegram.send_poll", question: "?", options: [{ text: "yes" }], poll_type: "vote" });
  // @ts-expect-error a nested key that is misspelt
  await send({ type: "telegram.send_message", text: "x", reply_parameters: { mesage_id: 1 } });
  // @ts-expect-error not an object
  await send("telegram.send_message");
}
