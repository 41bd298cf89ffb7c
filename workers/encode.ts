/**
 * Makes a call of the Bot API from an outgoing event: checks the event, fills in keys from the scope, and writes JSON.
 * The event itself is not changed, but bytes in it are moved. Every mistake is an `InvalidEventError` that names the
 * key.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { DOWNLOAD, methodOf, typeOf } from "../src/protocol/method-names.ts";
import { METHODS, type MethodFacts } from "../src/protocol/method-table.ts";
import { nearest } from "../src/protocol/nearest.ts";
import type { Call } from "../src/protocol/port.ts";
import type { Route } from "../src/protocol/route.ts";
import { Attachments } from "./attachments.ts";
import { coalesceKey } from "./coalesce.ts";
import { refuseUnlessDownload } from "./download.ts";
import { kindOfValue } from "./kind-of-value.ts";
import { plainOf } from "./plain-data.ts";
import { sendOptionsIn } from "./send-options.ts";
import type { Streams } from "./streams.ts";
import { textOfThrown } from "./thrown.ts";

/** Keys that a call may take from the scope of its instance. */
export interface Defaults {
  /** Undefined in a user's scope, and for guest queries, which are answered without a chat. */
  chat_id: number | undefined;
  /** The topic, in a topic's scope. */
  message_thread_id?: number | undefined;
  business_connection_id: string | undefined;
}

/** The chat to which calls of a route's instance go unless they name another. */
export function defaultChatOf({ subject, id, guest_query_id }: Route): number | undefined {
  return subject === "chat" && guest_query_id === undefined ? id : undefined;
}

/** The method of every known event type: a look-up is faster than methodOf(). */
const METHOD_OF = new Map(Object.keys(METHODS).map((method) => [typeOf(method), method]));

/** The event's key for the server's own options: Telegram does not get it. */
const OPTIONS = "asgigram";

type Parameters = Record<string, unknown>;

/** Owner of the streams of an upload. `streams` is read only if there are files. */
export interface StreamOwner {
  readonly streams: Streams;
}

/** @throws InvalidEventError */
export function encode(event: unknown, defaults: Defaults, owner: StreamOwner): Call {
  try {
    return callOf(event, defaults, owner);
  } catch (cause) {
    if (cause instanceof InvalidEventError) throw cause;
    // A getter or a toJSON of the application threw.
    throw new InvalidEventError(`the event cannot be read: ${textOfThrown(cause)}`, undefined, { cause });
  }
}

function callOf(event: unknown, defaults: Defaults, owner: StreamOwner): Call {
  const type = typeIn(event);
  const method = METHOD_OF.get(type) ?? methodOf(type);
  if (method === undefined) throw unknownType(type);
  const facts: MethodFacts | undefined = Object.hasOwn(METHODS, method)
    ? METHODS[method as keyof typeof METHODS]
    : undefined;
  const attachments = new Attachments();
  const parameters = parametersOf(event as Parameters, method, attachments);
  if (facts !== undefined) {
    fillIn(parameters, method, facts, defaults);
    refuseMissing(parameters, type, facts, defaults);
    if (!facts.uploads) refuseFiles(attachments, type);
  } else if (method === DOWNLOAD) refuseUnlessDownload(parameters);
  const call: Call = { method, lane: laneOf(parameters), body: JSON.stringify(parameters) };
  const given = (event as Parameters)[OPTIONS];
  const options = given === undefined ? undefined : sendOptionsIn(given);
  const coalesce = coalesceKey(options?.coalesce, method, call.lane, parameters);
  if (coalesce !== undefined) call.coalesce = coalesce;
  if (options?.bulk !== undefined) call.bulk = options.bulk;
  return attachments.first === undefined ? call : { ...call, files: attachments.take(owner.streams) };
}

/** Addition to Telegram's "404 Not Found" for a method that this version does not know, either. */
export function hintFor(method: string): string {
  // A missing file is a 404, too.
  if (Object.hasOwn(METHODS, method) || method === DOWNLOAD) return "";
  const guess = nearest(method, Object.keys(METHODS));
  return ` (${typeOf(method)} names no method known to this version${guess ? `; did you mean ${typeOf(guess)}?` : ""})`;
}

function typeIn(event: unknown): string {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw new InvalidEventError(
      `send() takes an event such as { type: "telegram.send_message", text: "…" }, not ${kindOfValue(event)}`,
    );
  }
  const { type } = event as { type?: unknown };
  if (typeof type !== "string") {
    throw new InvalidEventError(`the event's "type" must be a string, not ${kindOfValue(type)}`, "type");
  }
  return type;
}

function unknownType(type: string): InvalidEventError {
  return new InvalidEventError(
    `unknown event type ${JSON.stringify(type.slice(0, 80))}: an outgoing event is named after a method of the Bot API, ` +
      `"telegram.send_message" for sendMessage`,
    "type",
  );
}

/** A copy of the event's keys, with the Bot API's names. */
function parametersOf(event: Parameters, method: string, attachments: Attachments): Parameters {
  const parameters: Parameters = {};
  for (const key of Object.keys(event)) {
    if (key === "type" || key === OPTIONS) continue;
    const value = event[key];
    if (value === undefined) continue;
    // The assignment below would set the prototype.
    if (key === "__proto__") throw new InvalidEventError('"__proto__" is no parameter of any method', key);
    const name = key === "poll_type" && method === "sendPoll" ? "type" : key;
    parameters[name] = plainOf(value, key, attachments);
  }
  return parameters;
}

/**
 * Methods that never get the scope's chat by default: without chat_id the menu button of all chats is meant, and
 * sendGift goes to a user. https://core.telegram.org/bots/api#setchatmenubutton,
 * https://core.telegram.org/bots/api#sendgift
 */
const WITHOUT_DEFAULT_CHAT = new Set(["setChatMenuButton", "getChatMenuButton", "sendGift"]);

function fillIn(parameters: Parameters, method: string, { takes }: MethodFacts, defaults: Defaults): void {
  if (
    parameters.chat_id === undefined &&
    defaults.chat_id !== undefined &&
    takes.includes("chat_id") &&
    !(takes.includes("inline_message_id") && parameters.inline_message_id !== undefined) &&
    !WITHOUT_DEFAULT_CHAT.has(method)
  ) {
    parameters.chat_id = defaults.chat_id;
    // A call that names its chat goes there as it stands: into another chat, or into this one's General topic.
    if (
      parameters.message_thread_id === undefined &&
      defaults.message_thread_id !== undefined &&
      takes.includes("message_thread_id")
    ) {
      parameters.message_thread_id = defaults.message_thread_id;
    }
  }
  if (
    parameters.business_connection_id === undefined &&
    defaults.business_connection_id !== undefined &&
    takes.includes("business_connection_id")
  ) {
    parameters.business_connection_id = defaults.business_connection_id;
  }
  const { reply_to_message_id } = parameters;
  if (reply_to_message_id !== undefined && takes.includes("reply_parameters")) {
    delete parameters.reply_to_message_id;
    parameters.reply_parameters ??= { message_id: reply_to_message_id };
  }
}

function refuseMissing(parameters: Parameters, type: string, { required }: MethodFacts, defaults: Defaults): void {
  for (const key of required) {
    if (parameters[key] !== undefined && parameters[key] !== null) continue;
    const why =
      key === "chat_id" && defaults.chat_id === undefined ? ": the scope is no chat's, so there is no default" : "";
    throw new InvalidEventError(`${type} needs "${key}"${why}`, key);
  }
}

function refuseFiles({ first }: Attachments, type: string): void {
  if (first !== undefined) throw new InvalidEventError(`"${first}" is a file, and ${type} takes none`, first);
}

/** The lane of a call: calls in a lane stay in order. A business connection's copy of a chat has its own lane. */
export function laneOf({ chat_id, business_connection_id, inline_message_id }: Parameters): string | undefined {
  if (chat_id !== undefined) return business_connection_id ? `${chat_id}/${business_connection_id}` : `${chat_id}`;
  return inline_message_id === undefined ? undefined : `inline:${inline_message_id}`;
}
