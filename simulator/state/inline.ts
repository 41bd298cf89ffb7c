/**
 * Inline mode: https://core.telegram.org/bots/api#inline-mode. The content of each result is made when the bot answers, as on the
 * real server, so that a user can choose it later.
 */

import type { InlineKeyboardMarkup, Message, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import { addMessage, type Content, withoutProfile } from "./messages.ts";
import { offerKey, type Terms } from "./payments.ts";
import { pushMessage } from "./receiving.ts";
import type { Simulation } from "./simulation.ts";

/** A result that becomes a message when a user chooses it. */
export interface InlineChoice {
  id: string;
  content: Content;
  reply_markup?: InlineKeyboardMarkup;
  /** Of an invoice. */
  terms?: Terms;
}

export interface AnsweredQuery {
  query: string;
  choices: readonly InlineChoice[];
}

export interface InlinePlace {
  record: ChatRecord;
  message_id: number;
}

export class InlineMode {
  /** The texts of queries that wait for an answer, by id. */
  readonly asked = new Map<string, string>();
  readonly answered = new Map<string, AnsweredQuery>();
  /** By the id that savePreparedInlineMessage gives. */
  readonly prepared = new Map<string, InlineChoice>();
  /** The chat to which the message of a web app's query goes. */
  readonly webApps = new Map<string, { user: User; record: ChatRecord }>();
  readonly #messages = new Map<string, InlinePlace>();
  readonly #ids = new Map<string, string>();
  #count = 0;

  /** The message that the bot knows by this id alone. */
  message(inline_message_id: string): InlinePlace | undefined {
    return this.#messages.get(inline_message_id);
  }

  /** The id by which the bot knows a message; undefined for messages that it can read. */
  idOf(record: ChatRecord, message_id: number): string | undefined {
    return this.#ids.get(offerKey(record.chat.id, message_id));
  }

  name(place: InlinePlace): string {
    const id = `AAAASimulatedInline${++this.#count}`;
    this.#messages.set(id, place);
    this.#ids.set(offerKey(place.record.chat.id, place.message_id), id);
    return id;
  }
}

/** Sends a result as a user's message via the bot. @returns with the id, if the bot may edit the message */
export function sendChoice(
  simulation: Simulation,
  record: ChatRecord,
  from: User,
  { content, reply_markup, terms }: InlineChoice,
): { message: Message; inline_message_id?: string } {
  const { world } = simulation;
  const via_bot = withoutProfile(world.bot);
  const markup = reply_markup === undefined ? {} : { reply_markup };
  const message = addMessage(world, record, { by: "user", from }, { via_bot, ...content, ...markup });
  const { message_id } = message;
  if (terms !== undefined) world.payments.offers.set(offerKey(record.chat.id, message_id), terms);
  pushMessage(simulation, record, message);
  // "Available only if there is an inline keyboard attached to the message."
  return reply_markup === undefined
    ? { message }
    : { message, inline_message_id: world.inline.name({ record, message_id }) };
}
