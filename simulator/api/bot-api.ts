/**
 * The Bot API: finds the method, checks the call (rules.ts), carries it out. A method that the simulator does not implement
 * returns a plausible result of its type.
 */

import type { Message } from "@grammyjs/types";
import { type MethodSchema, methodSchema } from "../schemas.ts";
import { chatOf, messageOf } from "./access.ts";
import { Call } from "./call.ts";
import { currentMethod, withCurrentNames } from "./legacy.ts";
import { answerMethods } from "./methods/answers.ts";
import { chatSettingMethods } from "./methods/chat-settings.ts";
import { chatMethods } from "./methods/chats.ts";
import { copyingMethods } from "./methods/copying.ts";
import { editingMethods } from "./methods/editing.ts";
import { memberMethods } from "./methods/members.ts";
import { pinMethods } from "./methods/pins.ts";
import { profileMethods } from "./methods/profile.ts";
import { reactionMethods } from "./methods/reactions.ts";
import { send, sendingMethods } from "./methods/sending.ts";
import { updateMethods } from "./methods/updates.ts";
import { plausible } from "./plausible.ts";
import { Refusal } from "./refusal.ts";
import { check } from "./rules.ts";
import type { Handler, Telegram } from "./telegram.ts";
import { type RawParameters, validate } from "./validation.ts";

const HANDLERS: ReadonlyMap<string, Handler> = new Map(
  [
    updateMethods,
    profileMethods,
    sendingMethods,
    copyingMethods,
    editingMethods,
    chatMethods,
    memberMethods,
    chatSettingMethods,
    pinMethods,
    reactionMethods,
    answerMethods,
  ].flatMap((methods) => Object.entries(methods)),
);

export class BotApi {
  readonly #telegram: Telegram;

  constructor(telegram: Telegram) {
    this.#telegram = telegram;
  }

  /**
   * @param name in any case
   * @returns the method's result; a `RawJson` if it is JSON already
   * @throws Refusal, or the signal's reason
   */
  async call(name: string, raw: RawParameters, signal: AbortSignal): Promise<unknown> {
    const schema = methodSchema(currentMethod(name));
    if (schema === undefined) throw new Refusal(404, "Not Found: method not found");
    const call = new Call(
      schema.name,
      validate(schema, withCurrentNames(schema, raw), this.#telegram.local !== undefined),
      signal,
    );
    check(schema, call, this.#telegram);
    const handler = HANDLERS.get(schema.name) ?? genericHandler(schema);
    return await handler(call, this.#telegram);
  }
}

function genericHandler({ name, parameters, result }: MethodSchema): Handler {
  if (result === "Message" && name.startsWith("send")) return send;
  if (/^Message( \| true)?$/.test(result)) return existingMessage;
  const needsChat = parameters.some((parameter) => parameter.name === "chat_id" && parameter.required);
  return (call, telegram) => {
    // A method without an implementation still needs an existing chat.
    if ((needsChat || call.has("chat_id")) && !ACCEPTS_ANY_CHAT.has(name)) chatOf(telegram.world, call);
    return plausible(result, call, telegram);
  };
}

/** Methods whose `chat_id` may be a user unknown to the bot. */
const ACCEPTS_ANY_CHAT: ReadonlySet<string> = new Set(["sendGift", "verifyChat", "removeChatVerification"]);

const existingMessage: Handler = (call, { world }): Message | true =>
  call.has("inline_message_id") ? true : messageOf(chatOf(world, call), call.number("message_id"), "edit");
