/** A chat as its users see it: its messages, and the bot's next events. */

import type { Chat, Message } from "@grammyjs/types";
import type { ChatEvent } from "../state/journal.ts";
import type { GroupType, Perform, Status } from "./actions/actions.ts";
import {
  type EventOf,
  expectIdle,
  expectMessage,
  expectNone,
  findEvent,
  type IdleOptions,
  lastOf,
  type WaitOptions,
} from "./expectations.ts";
import type { ExpectedMessage } from "./matching.ts";
import type { SimulatedUser } from "./simulated-user.ts";

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

  /** For errors: "message for Ann", "edit in Team". */
  #what(noun: string): string {
    const { chat } = this;
    return chat.type === "private" ? `${noun} for ${chat.first_name}` : `${noun} in ${chat.title}`;
  }

  /**
   * The bot's next message, which must be the expected one: by its text or caption, or by parts of it. Resolves with it.
   * @throws AssertionError at once if it is another one, at the timeout if there is none
   */
  async receives(expected?: ExpectedMessage, options?: WaitOptions): Promise<Message> {
    return await expectMessage(this.#perform, await this.next("message", options), this.#what("message"), expected);
  }

  /** Like `receives`, for the bot's next edit of a message. */
  async seesEdit(expected?: ExpectedMessage, options?: WaitOptions): Promise<Message> {
    return await expectMessage(this.#perform, await this.next("edited", options), this.#what("edit"), expected);
  }

  /**
   * Waits until the bot is idle.
   * @throws AssertionError if there is then a message that no other method has returned, or if the bot does not become idle
   */
  async receivesNothing(options: IdleOptions = {}): Promise<void> {
    await expectIdle(this.#perform, options);
    const events = await this.#perform("events", { chat_id: this.id, after: this.#read.get("message") ?? 0 });
    const message = events.find((event) => event.type === "message" && event.by === "bot");
    await expectNone(this.#perform, this.#what("message"), message as EventOf<"message"> | undefined);
  }

  /** The bot's messages as they are now, oldest first. */
  async received(): Promise<Message[]> {
    return await this.#perform("messages", { chat_id: this.id, by: "bot" });
  }

  /** The bot's last message. @throws AssertionError if there is none */
  async last(): Promise<Message> {
    return lastOf(await this.received(), this.#what("message"));
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
  async next<T extends ChatEvent["type"]>(type: T, options: WaitOptions = {}): Promise<EventOf<T>> {
    const event = await findEvent(this.#perform, this.id, {
      ...options,
      after: this.#read.get(type) ?? 0,
      what: this.#what(NOUNS[type] ?? type),
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

/** Nouns of events whose type is none. */
const NOUNS: Partial<Record<ChatEvent["type"], string>> = { edited: "edit", deleted: "deletion" };

export type { GroupType };
