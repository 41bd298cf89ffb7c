/**
 * From an outgoing event to a call of the Bot API: checks it, fills in what the scope knows, and writes it as JSON. The
 * caller's object is only read; but bytes in it are taken. Whatever is wrong is an `InvalidEventError` that names the key.
 */

import { InvalidEventError } from "../src/protocol/errors.ts";
import { DOWNLOAD, methodOf, typeOf } from "../src/protocol/method-names.ts";
import { METHODS, type MethodFacts } from "../src/protocol/method-table.ts";
import { nearest } from "../src/protocol/nearest.ts";
import type { Call } from "../src/protocol/port.ts";
import { Attachments } from "./attachments.ts";
import { refuseUnlessDownload } from "./download.ts";
import { kindOfValue } from "./kind-of-value.ts";
import { plainOf } from "./plain-data.ts";
import type { Streams } from "./streams.ts";
import { textOfThrown } from "./thrown.ts";

/** What a call may take from the scope of the instance that makes it. */
export interface Defaults {
  /** Undefined in a user's scope, and for guest queries, which are answered without one. */
  chat_id: number | undefined;
  business_connection_id: string | undefined;
}

/** What the rule gives for every method that is known, looked up rather than worked out for each event. */
const METHOD_OF = new Map(Object.keys(METHODS).map((method) => [typeOf(method), method]));

type Parameters = Record<string, unknown>;

/** Whose the streams of an upload are; asked for them only where there are files. */
export interface StreamOwner {
  readonly streams: Streams;
}

/** @throws InvalidEventError */
export function encode(event: unknown, defaults: Defaults, owner: StreamOwner): Call {
  try {
    return callOf(event, defaults, owner);
  } catch (cause) {
    if (cause instanceof InvalidEventError) throw cause;
    // A getter or a toJSON of the application's own threw.
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
  const call = { method, lane: laneOf(parameters), body: JSON.stringify(parameters) };
  return attachments.first === undefined ? call : { ...call, files: attachments.take(owner.streams) };
}

/** What to add to Telegram's "404 Not Found" for a method that this version does not know either. */
export function hintFor(method: string): string {
  // Where a file is not there, that is a 404 as well.
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

/** A copy of the event's own keys, as the Bot API names them. */
function parametersOf(event: Parameters, method: string, attachments: Attachments): Parameters {
  const parameters: Parameters = {};
  for (const key of Object.keys(event)) {
    if (key === "type") continue;
    const value = event[key];
    if (value === undefined) continue;
    // Written below, it would not become a key.
    if (key === "__proto__") throw new InvalidEventError('"__proto__" is no parameter of any method', key);
    const name = key === "poll_type" && method === "sendPoll" ? "type" : key;
    parameters[name] = plainOf(value, key, attachments);
  }
  return parameters;
}

/**
 * Absence means "every chat" to these two, and "the user instead" to sendGift, so the scope's chat is never put there.
 * https://core.telegram.org/bots/api#setchatmenubutton, https://core.telegram.org/bots/api#sendgift
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

/** Calls to one chat stay in order. A business connection's copy of a chat is a chat of its own. */
function laneOf({ chat_id, business_connection_id, inline_message_id }: Parameters): string | undefined {
  if (chat_id !== undefined) return business_connection_id ? `${chat_id}/${business_connection_id}` : `${chat_id}`;
  return inline_message_id === undefined ? undefined : `inline:${inline_message_id}`;
}
