/**
 * The Bot API: finds the method, checks the call (rules.ts), carries it out. A method that the simulator does not implement
 * returns a plausible result of its type.
 */

import { type MethodSchema, methodSchema } from "../schemas.ts";
import { chatOf } from "./access.ts";
import { Call } from "./call.ts";
import { currentMethod, withCurrentNames } from "./legacy.ts";
import { METHODS_BY_SUBJECT } from "./methods.ts";
import { plausible } from "./plausible.ts";
import { Refusal } from "./refusal.ts";
import { check } from "./rules.ts";
import type { Handler, Telegram } from "./telegram.ts";
import { type RawParameters, validate } from "./validation.ts";

const HANDLERS: ReadonlyMap<string, Handler> = new Map(Object.values(METHODS_BY_SUBJECT).flatMap(Object.entries));

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
    const handler = HANDLERS.get(schema.name) ?? plausibleHandler(schema);
    return await handler(call, this.#telegram);
  }
}

/** A typed answer. The chat must exist nevertheless. */
function plausibleHandler({ name, parameters, result }: MethodSchema): Handler {
  const needsChat = parameters.some((parameter) => parameter.name === "chat_id" && parameter.required);
  return (call, telegram) => {
    if ((needsChat || call.has("chat_id")) && !ACCEPTS_ANY_CHAT.has(name)) chatOf(telegram.world, call);
    return plausible(result, call, telegram);
  };
}

/** Methods whose `chat_id` may be a user unknown to the bot. */
const ACCEPTS_ANY_CHAT: ReadonlySet<string> = new Set(["sendMessageDraft", "sendRichMessageDraft"]);
