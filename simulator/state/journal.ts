/**
 * The events of each chat, in order: the client side reads them and waits for them. Bounded: only the latest events of
 * a chat are kept.
 */

import type { ForceReply, InlineQueryResult, Message, ReactionType, ReplyKeyboardMarkup } from "@grammyjs/types";
import { now } from "./real-time.ts";
import { until } from "./until.ts";

/** The source of an event. */
export type Actor = "bot" | "user";

/** The latest reaction to a message of one user or chat, whose id is `actor_id`. */
export interface Reaction {
  message_id: number;
  actor_id: number;
  reaction: ReactionType[];
}

/** An event in a chat. `seq` ascends across all chats. */
export type ChatEvent = {
  seq: number;
  chat_id: number;
  by: Actor;
} /** `keyboard` is the chat's from now on; null: the chat has none any more. */ & (
  | { type: "message"; message: Message; keyboard?: ReplyKeyboardMarkup | null; force_reply?: ForceReply }
  | { type: "edited"; message: Message }
  | { type: "deleted"; message_ids: number[] }
  | { type: "action"; action: string }
  | ({ type: "reaction" } & Reaction)
  | { type: "callback-answer"; callback_query_id: string; text?: string; show_alert?: boolean; url?: string }
  | {
      type: "inline-answer";
      inline_query_id: string;
      results: InlineQueryResult[];
      next_offset?: string;
      button?: { text: string };
    }
  /** The end of an order: with the message about the payment (paid media have none), or with the bot's reason to refuse it. */
  | { type: "payment"; payment_id: string; user_id: number; ok: true; message?: Message }
  | { type: "payment"; payment_id: string; user_id: number; ok: false; error_message: string }
  /** A message, or a new version of one, that one user sees. */
  | { type: "ephemeral"; message: Message; receiver_user_id: number }
  | { type: "ephemeral-deleted"; ephemeral_message_id: number; receiver_user_id: number }
);

type WithoutPosition<E> = E extends unknown ? Omit<E, "seq" | "chat_id"> : never;
/** An event without its `seq` and chat. */
export type NewEvent = WithoutPosition<ChatEvent>;

interface ChatLog {
  events: ChatEvent[];
  waiters: Set<() => void>;
}

export class Journal {
  readonly #logs = new Map<number, ChatLog>();
  readonly #observers = new Set<(event: ChatEvent) => void>();
  readonly #limit: number;
  #seq = 0;

  /** @param limit at least this many events of each chat are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The `seq` of the latest event. */
  get seq(): number {
    return this.#seq;
  }

  record(chat_id: number, content: NewEvent): void {
    const event = { seq: ++this.#seq, chat_id, ...content } as ChatEvent;
    const { events, waiters } = this.#logOf(chat_id);
    events.push(event);
    if (events.length > 2 * this.#limit) events.splice(0, events.length - this.#limit);
    for (const wake of waiters) wake();
    for (const observer of this.#observers) observer(event);
  }

  /** The chat's events with a `seq` above `after`, oldest first. */
  after(chat_id: number, after: number): ChatEvent[] {
    const events = this.#logs.get(chat_id)?.events ?? [];
    const start = events.findLastIndex((event) => event.seq <= after) + 1;
    return events.slice(start);
  }

  /** Like `after`, but waits up to `timeout` milliseconds for the first event, or for the signal. */
  async next(chat_id: number, after: number, timeout: number, signal: AbortSignal): Promise<ChatEvent[]> {
    if (timeout > 0) {
      const { waiters } = this.#logOf(chat_id);
      const onChange = (look: () => void) => {
        waiters.add(look);
        return () => waiters.delete(look);
      };
      await until(() => this.after(chat_id, after).length > 0, { onChange, timeout, signal });
    }
    return this.after(chat_id, after);
  }

  /** The chat's first event with a `seq` above `after` that matches; waits for it up to `timeout` milliseconds, or for the signal. */
  async find(
    chat_id: number,
    after: number,
    timeout: number,
    signal: AbortSignal,
    matches: (event: ChatEvent) => boolean,
  ): Promise<ChatEvent | undefined> {
    const deadline = now() + timeout;
    let read = after;
    for (;;) {
      const left = Math.max(0, deadline - now());
      const events = await this.next(chat_id, read, left, signal);
      const found = events.find(matches);
      if (found !== undefined || left === 0 || signal.aborted) return found;
      read = events.at(-1)?.seq ?? read;
    }
  }

  /** Calls `observer` for every event from now on, until the returned function is called. */
  observe(observer: (event: ChatEvent) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  #logOf(chat_id: number): ChatLog {
    const known = this.#logs.get(chat_id);
    if (known !== undefined) return known;
    const log: ChatLog = { events: [], waiters: new Set() };
    this.#logs.set(chat_id, log);
    return log;
  }
}
