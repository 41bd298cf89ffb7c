/** A chat as its users see it: its messages, and the bot's next events. */

import type { Chat, Message } from "@grammyjs/types";
import type { ChatEvent } from "../state/journal.ts";
import { now } from "../state/real-time.ts";
import { ActionError, type GroupType, type Perform, type Status } from "./actions/actions.ts";
import type { SimulatedUser } from "./simulated-user.ts";

export interface WaitOptions {
  /** Milliseconds; default 5,000. */
  timeout?: number;
}

export type EventOf<T extends ChatEvent["type"]> = Extract<ChatEvent, { type: T }>;

const DEFAULT_TIMEOUT = 5000;

export class SimulatedChat {
  readonly chat: Chat;
  readonly #perform: Perform;
  /** The `seq` of the last event that `next` returned, by type of event. */
  readonly #read = new Map<ChatEvent["type"], number>();

  constructor(perform: Perform, chat: Chat) {
    this.#perform = perform;
    this.chat = chat;
  }

  get id(): number {
    return this.chat.id;
  }

  /** All messages in the chat, oldest first. */
  async messages(): Promise<Message[]> {
    return await this.#perform("messages", { chat_id: this.id });
  }

  /** The bot's oldest message that this method has not returned yet; waits for one if there is none. */
  async nextMessage(options?: WaitOptions): Promise<Message> {
    return (await this.next("message", options)).message;
  }

  /** Like `nextMessage`, for any type of event: `edited`, `deleted`, `action`, `reaction`, `callback-answer`, … */
  async next<T extends ChatEvent["type"]>(
    type: T,
    { timeout = DEFAULT_TIMEOUT }: WaitOptions = {},
  ): Promise<EventOf<T>> {
    const event = await findEvent(this.#perform, this.id, {
      after: this.#read.get(type) ?? 0,
      timeout,
      what: `${type} from the bot`,
      matches: (candidate): candidate is EventOf<T> => candidate.type === type && candidate.by === "bot",
    });
    this.#read.set(type, event.seq);
    return event;
  }

  async addBot(by: SimulatedUser): Promise<void> {
    await this.#setBot(by, { status: "member" });
  }

  async removeBot(by: SimulatedUser): Promise<void> {
    await this.#setBot(by, { status: "kicked" });
  }

  /** @param rights of the administrator; default: every right */
  async promoteBot(by: SimulatedUser, rights?: Status["rights"]): Promise<void> {
    await this.#setBot(by, { status: "administrator", ...(rights && { rights }) });
  }

  /** @param permissions that the bot keeps; default: none */
  async restrictBot(by: SimulatedUser, permissions: Status["rights"] = {}): Promise<void> {
    await this.#setBot(by, { status: "restricted", rights: permissions });
  }

  /** Promotes, restricts, bans or readmits a user. */
  async setMember(by: SimulatedUser, user: SimulatedUser, status: Status): Promise<void> {
    await this.#perform("memberStatus", { user_id: by.id, chat_id: this.id, member_id: user.id, ...status });
  }

  /** Turns a group into a supergroup, which is returned; this object remains the old group. */
  async upgrade(by: SimulatedUser): Promise<SimulatedChat> {
    return new SimulatedChat(this.#perform, await this.#perform("upgrade", { user_id: by.id, chat_id: this.id }));
  }

  async #setBot(by: SimulatedUser, status: Status): Promise<void> {
    await this.#perform("botStatus", { user_id: by.id, chat_id: this.id, ...status });
  }
}

export type { GroupType };

interface Search<E extends ChatEvent> {
  after: number;
  timeout: number;
  /** For the error: "message from the bot". */
  what: string;
  matches(event: ChatEvent): event is E;
}

/** Waits for the first event that matches. @throws ActionError at the timeout */
export async function findEvent<E extends ChatEvent>(perform: Perform, chat_id: number, search: Search<E>): Promise<E> {
  const deadline = now() + search.timeout;
  let after = search.after;
  for (;;) {
    const timeout = Math.max(0, deadline - now());
    const events = await perform("events", { chat_id, after, timeout });
    const found = events.find((event): event is E => search.matches(event));
    if (found !== undefined) return found;
    if (timeout === 0) throw new ActionError(`no ${search.what} in chat ${chat_id} within ${search.timeout} ms`);
    after = events.at(-1)?.seq ?? after;
  }
}
