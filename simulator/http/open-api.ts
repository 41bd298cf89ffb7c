/** The OpenAPI description of /simulator, from the table of actions. The Bot API is Telegram's: it is not described again. */

import { ACTION_TABLE, type ActionRow, type Optional } from "./action-table.ts";
import { described, flag, integer, type JsonSchema, list, ref, text } from "./json-schema.ts";

const telegram = (name: string): JsonSchema =>
  described({ type: "object" }, `https://core.telegram.org/bots/api#${name.toLowerCase()}`);

const object = (properties: { readonly [name: string]: JsonSchema }, required: readonly string[] = []) => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
});

const COMPONENTS = {
  ...Object.fromEntries(["User", "Chat", "Message", "Update"].map((name) => [name, telegram(name)])),
  ChatEvent: {
    ...object({ seq: integer, chat_id: integer, by: { type: "string", enum: ["bot", "user"] }, type: text }, [
      "seq",
      "chat_id",
      "by",
      "type",
    ]),
    description:
      "What happens in a chat: message and edited have a message, deleted message_ids, action an action, reaction a message_id and a reaction, callback-answer a text, inline-answer results, payment an ok. seq ascends over all chats.",
  },
  Pressed: object({
    callback_query_id: described(text, "Absent for buttons that send no query."),
    after: described(integer, "A seq: the bot's answer comes after it."),
    message: ref("Message"),
    url: described(text, "Of a link button."),
  }),
  RecordedCall: object(
    {
      method: text,
      parameters: described({ type: "object" }, "As received, with a file's size in place of its bytes."),
      time: described(integer, "Milliseconds since 1970."),
      status: described(integer, "The HTTP status of the answer. Absent while there is none."),
      result: described({}, "Of a call that succeeded, but not the updates of getUpdates."),
      error: described(text, "Of a call that was refused."),
      fault: described({ type: "object" }, "The fault that hit the call."),
    },
    ["method", "parameters", "time"],
  ),
};

const json = (schema: object) => ({ "application/json": { schema } });
const answer = (description: string, properties: { readonly [name: string]: JsonSchema }) => ({
  description,
  content: json(object(properties, Object.keys(properties))),
});
const ok = (result: JsonSchema) => answer("Done", { ok: flag, result });
const failed = answer("A mistake in the test, or the end of a wait", { ok: flag, error: text });

/** In the world of one bot; without the last segment, in the simulator's own. */
const IN_WORLD = "/simulator/bot{token}";
const token = {
  name: "token",
  in: "path",
  required: true,
  description: "The bot's token. A token that was not seen before has a fresh world.",
  schema: text,
};

function operation(name: string, { does, takes, gives }: ActionRow) {
  const fields = Object.entries(takes as Record<string, JsonSchema | Optional>);
  const properties = fields.map(([key, field]) => [key, "optional" in field ? field.optional : field] as const);
  const required = fields.flatMap(([key, field]) => ("optional" in field ? [] : key));
  return {
    operationId: name,
    summary: `${does}.`,
    requestBody: { required: required.length > 0, content: json(object(Object.fromEntries(properties), required)) },
    responses: { 200: ok(gives), 400: failed },
  };
}

export function openApi() {
  const actions = Object.entries(ACTION_TABLE).map(([name, row]) => [
    `${IN_WORLD}/${name}`,
    { parameters: [token], post: operation(name, row as ActionRow) },
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "asgigram simulator",
      version: "1",
      description:
        "The people who talk to a bot on the simulator, for tests in any language. The bot itself uses /bot<token>/<method>, as with Telegram.",
    },
    paths: {
      ...Object.fromEntries(actions),
      [IN_WORLD]: {
        parameters: [token],
        delete: {
          operationId: "forget",
          summary: "Ends this world: the next call finds a fresh one.",
          responses: { 200: ok(flag) },
        },
      },
      [`${IN_WORLD}/stream`]: {
        parameters: [token],
        get: {
          operationId: "stream",
          summary: "Every ChatEvent from now on, as server-sent events.",
          responses: { 200: { description: "Events", content: { "text/event-stream": { schema: ref("ChatEvent") } } } },
        },
      },
      "/simulator/bots": {
        get: {
          operationId: "bots",
          summary: "The bots that have a world.",
          responses: { 200: ok(list({ type: "object", properties: { token: text, bot: ref("User") } })) },
        },
      },
      "/healthz": {
        get: { operationId: "health", summary: "The process lives.", responses: { 200: { description: "It does" } } },
      },
    },
    components: { schemas: COMPONENTS },
  };
}
