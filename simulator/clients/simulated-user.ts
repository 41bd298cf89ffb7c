/**
 * A user who talks to the bot: in the private chat, unless another chat is given.
 *
 * The file is longer than others because each thing that a person does is a method.
 */

import type { BusinessConnection, Message, User } from "@grammyjs/types";
import type { BusinessRights } from "../state/business.ts";
import { rewritten } from "../state/content-kind.ts";
import type { Content } from "../state/messages.ts";
import {
  ActionError,
  type ButtonChoice,
  DEFAULT_TIMEOUT,
  type Perform,
  type Pressed,
  type Upload,
} from "./actions/actions.ts";
import { answerToInline, answerToPress, type ExpectedAnswer, type ExpectedResults } from "./answers.ts";
import { type EventOf, findEvent, type IdleOptions, type WaitOptions } from "./expectations.ts";
import type { ExpectedMessage } from "./matching.ts";
import { SimulatedChat } from "./simulated-chat.ts";
import type {
  AnimationOptions,
  AudioOptions,
  FileOptions,
  PayOptions,
  SendOptions,
  StickerOptions,
  VideoOptions,
  VoiceOptions,
  Where,
} from "./user-options.ts";

/** A button that was pressed. */
export interface PressedButton extends Pressed {
  /** Waits for the bot's answerCallbackQuery, which must be the expected one. */
  answered(expected?: ExpectedAnswer, options?: WaitOptions): Promise<EventOf<"callback-answer">>;
}

export interface AskedInline {
  inline_query_id: string;
  /** Waits for the bot's answerInlineQuery, whose results must be the expected ones. */
  answered(expected?: ExpectedResults, options?: WaitOptions): Promise<EventOf<"inline-answer">>;
}

export class SimulatedUser {
  readonly user: User;
  /** The private chat with the bot. */
  readonly chat: SimulatedChat;
  readonly #perform: Perform;

  constructor(perform: Perform, user: User) {
    const { id, first_name, username } = user;
    this.#perform = perform;
    this.user = user;
    this.chat = new SimulatedChat(perform, { id, type: "private", first_name, ...(username && { username }) });
  }

  get id(): number {
    return this.user.id;
  }

  /** The bot's next message in the private chat, which must be the expected one; see `SimulatedChat.receives`. */
  async receives(expected?: ExpectedMessage, options?: WaitOptions): Promise<Message> {
    return await this.chat.receives(expected, options);
  }

  /** The bot's next edit in the private chat, which must be the expected one. */
  async seesEdit(expected?: ExpectedMessage, options?: WaitOptions): Promise<Message> {
    return await this.chat.seesEdit(expected, options);
  }

  /** Waits until the bot is idle. The private chat must then have no message that no other method has returned. */
  async receivesNothing(options?: IdleOptions): Promise<void> {
    await this.chat.receivesNothing(options);
  }

  /** The bot's messages in the private chat as they are now, oldest first. */
  async received(): Promise<Message[]> {
    return await this.chat.received();
  }

  /** The bot's last message in the private chat. */
  async last(): Promise<Message> {
    return await this.chat.last();
  }

  /** The bot's next message in the private chat. */
  async nextMessage(options?: WaitOptions): Promise<Message> {
    return await this.chat.nextMessage(options);
  }

  /** Commands, mentions and links in the text become entities, as in a real client. */
  async sendText(text: string, options: SendOptions = {}): Promise<Message> {
    return await this.send({ text }, options);
  }

  /** Any content: `{ photo: [...] }`, `{ location: { latitude, longitude } }`, … */
  async send(content: Content, options: SendOptions = {}): Promise<Message> {
    return await this.#perform("send", { ...this.#place(options), content });
  }

  async sendLocation(latitude: number, longitude: number, options?: SendOptions): Promise<Message> {
    return await this.send({ location: { latitude, longitude } }, options);
  }

  async sendContact(phone_number: string, first_name: string, options?: SendOptions): Promise<Message> {
    return await this.send({ contact: { phone_number, first_name } }, options);
  }

  /** Sends a file as a document. */
  async sendFile(name: string, content: Uint8Array | string, options: FileOptions = {}): Promise<Message> {
    return await this.#perform("sendFile", { name, ...this.#upload(content, options) });
  }

  /**
   * Sends a PNG, JPEG or WebP as a photo, in several sizes as Telegram does. The largest, which is the last, has the width and height of
   * the file. All of them download as the file itself.
   * @throws ActionError if the file is none of these
   */
  async sendPhoto(content: Uint8Array, options: FileOptions = {}): Promise<Message> {
    return await this.#perform("sendPhoto", this.#upload(content, options));
  }

  /** Sends a file as a video. The file is not looked into. */
  async sendVideo(content: Uint8Array, options: VideoOptions = {}): Promise<Message> {
    return await this.#perform("sendVideo", { ...mediumOf(options), ...this.#upload(content, options) });
  }

  /** Sends a file as a voice message. The file is not looked into. */
  async sendVoice(content: Uint8Array, options: VoiceOptions = {}): Promise<Message> {
    return await this.#perform("sendVoice", { ...mediumOf(options), ...this.#upload(content, options) });
  }

  /** Sends a file as music. The file is not looked into. */
  async sendAudio(content: Uint8Array, options: AudioOptions = {}): Promise<Message> {
    return await this.#perform("sendAudio", { ...mediumOf(options), ...this.#upload(content, options) });
  }

  /** Sends a file as an animation. The file is not looked into. */
  async sendAnimation(content: Uint8Array, options: AnimationOptions = {}): Promise<Message> {
    return await this.#perform("sendAnimation", { ...mediumOf(options), ...this.#upload(content, options) });
  }

  /** Sends a WebP as a sticker of no set. The file is not looked into. */
  async sendSticker(content: Uint8Array, { emoji, ...options }: StickerOptions = {}): Promise<Message> {
    const file = this.#upload(content, options);
    return await this.#perform("sendSticker", { ...file, ...(emoji !== undefined && { emoji }) });
  }

  #upload(content: Uint8Array | string, { caption, album, ...options }: FileOptions): Upload {
    const base64 = Buffer.from(content).toString("base64");
    const more = { ...(caption !== undefined && { caption }), ...(album !== undefined && { album }) };
    return { ...this.#place(options), base64, ...more };
  }

  #place({ chat = this.chat, reply_to, topic, business }: SendOptions) {
    return {
      user_id: this.id,
      chat_id: chat.id,
      ...(reply_to !== undefined && { reply_to: idOf(reply_to) }),
      ...(topic !== undefined && { topic }),
      ...(business !== undefined && { business_connection_id: business.id }),
    };
  }

  /** Forwards a message, to the private chat unless another one is given. */
  async forward(message: Message, where: Where = {}): Promise<Message> {
    const { chat, message_id } = message;
    return await this.#perform("forward", { ...this.#place(where), from_chat_id: chat.id, message_id });
  }

  /** Deletes a message for everybody. The bot gets no update. */
  async delete({ chat, message_id }: Message): Promise<void> {
    await this.#perform("delete", { user_id: this.id, chat_id: chat.id, message_id });
  }

  /** Replaces the text of a message; of a photo, a film or a file the caption. */
  async edit(message: Message, text: string): Promise<Message> {
    const { chat, message_id } = message;
    const content = rewritten(message, text);
    return await this.#perform("edit", { user_id: this.id, chat_id: chat.id, message_id, content });
  }

  /**
   * Presses a button of the given message. Without one: a button of the latest message that has it, or of the reply
   * keyboard, which writes into the topic.
   */
  async press(
    button: ButtonChoice,
    { chat = this.chat, message, topic }: Where & { message?: Message; topic?: number } = {},
  ): Promise<PressedButton> {
    const place =
      message === undefined ? { chat_id: chat.id } : { chat_id: message.chat.id, message_id: message.message_id };
    const thread = topic === undefined ? {} : { topic };
    const pressed = await this.#perform("press", { user_id: this.id, button, ...place, ...thread });
    return {
      ...pressed,
      answered: (expected, options) => answerToPress(this.#perform, { ...pressed, ...place }, expected, options),
    };
  }

  /**
   * @param emoji one or several; without it, the reaction is removed
   * @param options.anonymous as an administrator in the name of the group
   */
  async react(
    message: Message,
    emoji?: string | string[],
    { anonymous = false }: { anonymous?: boolean } = {},
  ): Promise<void> {
    const { chat, message_id } = message;
    const reaction = { ...(emoji && { emoji }), ...(anonymous && { anonymous }) };
    await this.#perform("react", { user_id: this.id, chat_id: chat.id, message_id, ...reaction });
  }

  /** @param options positions, from 0; an empty array retracts the vote */
  async vote({ chat, message_id }: Message, options: number[]): Promise<void> {
    await this.#perform("vote", { user_id: this.id, chat_id: chat.id, message_id, options });
  }

  async inlineQuery(query: string, offset = ""): Promise<AskedInline> {
    const { inline_query_id, after } = await this.#perform("inlineQuery", { user_id: this.id, query, offset });
    return {
      inline_query_id,
      answered: (expected, options) =>
        answerToInline(this.#perform, { inline_query_id, chat_id: this.id, after }, expected, options),
    };
  }

  /**
   * Sends a result of an answered inline query via the bot, to the private chat unless another is given.
   * @param result its id, or its place from 0
   */
  async choose(
    { inline_query_id }: { inline_query_id: string },
    result: string | number,
    where: Where & { topic?: number } = {},
  ): Promise<Message> {
    return await this.#perform("choose", { ...this.#place(where), inline_query_id, result });
  }

  /** Sends a message of savePreparedInlineMessage. */
  async share({ id }: { id: string }, where: Where & { topic?: number } = {}): Promise<Message> {
    return await this.#perform("choose", { ...this.#place(where), prepared_id: id });
  }

  /**
   * Pays an invoice, by its message or link, or buys paid media. The bot is asked about shipping, if the invoice is flexible,
   * and before checkout. Resolves with the message about the payment; undefined for paid media.
   * @throws ActionError with the bot's reason if it refuses, and at the timeout
   */
  async pay(
    invoice: Message | string,
    { timeout = DEFAULT_TIMEOUT, ...details }: PayOptions = {},
  ): Promise<Message | undefined> {
    const isLink = typeof invoice === "string";
    const place = isLink ? { link: invoice } : { chat_id: invoice.chat.id, message_id: invoice.message_id };
    const { payment_id, after } = await this.#perform("pay", { user_id: this.id, ...place, ...details });
    const end = await findEvent(this.#perform, isLink ? this.id : invoice.chat.id, {
      after,
      timeout,
      what: "answer to the order",
      matches: (event): event is EventOf<"payment"> => event.type === "payment" && event.payment_id === payment_id,
    });
    if (!end.ok) throw new ActionError(end.error_message);
    return end.message;
  }

  /** @param invite_link a link of the bot; it must not ask for requests */
  async join(chat: SimulatedChat, invite_link?: string): Promise<void> {
    await this.#perform("join", { user_id: this.id, chat_id: chat.id, invite_link });
  }

  /** Asks to be let into a chat: the bot gets a chat_join_request if it may invite users. */
  async askToJoin(chat: SimulatedChat, options: { invite_link?: string; bio?: string } = {}): Promise<void> {
    await this.#perform("askToJoin", { user_id: this.id, chat_id: chat.id, ...options });
  }

  /** Creates a topic in a forum. Resolves with its message_thread_id. */
  async createTopic(chat: SimulatedChat, name: string): Promise<number> {
    return await this.#perform("createTopic", { user_id: this.id, chat_id: chat.id, name });
  }

  /** Connects the bot to the user's business account, with every right unless others are given. */
  async connectBusiness(
    options: { rights?: BusinessRights; enabled?: boolean; stars?: number } = {},
  ): Promise<BusinessConnection> {
    return await this.#perform("connectBusiness", { user_id: this.id, ...options });
  }

  async leave(chat: SimulatedChat): Promise<void> {
    await this.#perform("leave", { user_id: this.id, chat_id: chat.id });
  }

  /** Blocks the bot: its messages to the user are refused with 403. */
  async block(): Promise<void> {
    await this.#perform("botStatus", { user_id: this.id, status: "kicked" });
  }

  async unblock(): Promise<void> {
    await this.#perform("botStatus", { user_id: this.id, status: "member" });
  }
}

/** The options of a file that say nothing of the message. */
function mediumOf<Options extends FileOptions>(options: Options): Omit<Options, keyof FileOptions> {
  const { chat: _, reply_to: __, topic: ___, business: ____, caption: _____, album: ______, ...medium } = options;
  return medium;
}

const idOf = (message: Message | number) => (typeof message === "number" ? message : message.message_id);
