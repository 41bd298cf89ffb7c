/** A user who talks to the bot: in the private chat, unless another chat is given. */

import type { InlineQueryResult, Message, User } from "@grammyjs/types";
import type { Content } from "../state/messages.ts";
import type { ButtonChoice, Perform, Pressed, Upload } from "./actions/actions.ts";
import { type EventOf, expectEqual, findEvent, type IdleOptions, type WaitOptions } from "./expectations.ts";
import { compare, type ExpectedMessage, type Pattern } from "./matching.ts";
import { SimulatedChat } from "./simulated-chat.ts";

export interface Where {
  chat?: SimulatedChat;
}

export interface SendOptions extends Where {
  /** The message to reply to, or its id. */
  reply_to?: Message | number;
}

export interface FileOptions extends SendOptions {
  caption?: string;
}

export interface VoiceOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.ogg` (the default), `.mp3` or `.m4a`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
}

export interface VideoOptions extends FileOptions {
  /** Name of the file; its end decides the default type: `.mp4` (the default), `.mov`, `.webm` or `.mkv`. */
  name?: string;
  /** MIME type. */
  type?: string;
  /** Seconds; default: an estimate by the size of the file. */
  duration?: number;
  /** Pixels; default 1280. */
  width?: number;
  /** Pixels; default 720. */
  height?: number;
}

/** A button that was pressed. */
export interface PressedButton extends Pressed {
  /** Waits for the bot's answerCallbackQuery, which must be the expected one: by its text, or by parts of it, as `show_alert`. */
  answered(
    expected?: string | RegExp | Pattern<EventOf<"callback-answer">>,
    options?: WaitOptions,
  ): Promise<EventOf<"callback-answer">>;
}

export interface AskedInline {
  inline_query_id: string;
  /** Waits for the bot's answerInlineQuery, whose results must be the expected ones: by parts of them. */
  answered(expected?: readonly Pattern<InlineQueryResult>[], options?: WaitOptions): Promise<EventOf<"inline-answer">>;
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
  async send(content: Content, { chat = this.chat, reply_to }: SendOptions = {}): Promise<Message> {
    const reply = reply_to === undefined ? {} : { reply_to: idOf(reply_to) };
    return await this.#perform("send", { user_id: this.id, chat_id: chat.id, content, ...reply });
  }

  /** Sends a file as a document. */
  async sendFile(name: string, content: Uint8Array, options: FileOptions = {}): Promise<Message> {
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
  async sendVideo(content: Uint8Array, { chat, reply_to, caption, ...video }: VideoOptions = {}): Promise<Message> {
    return await this.#perform("sendVideo", { ...video, ...this.#upload(content, { chat, reply_to, caption }) });
  }

  /** Sends a file as a voice message. The file is not looked into. */
  async sendVoice(content: Uint8Array, { chat, reply_to, caption, ...voice }: VoiceOptions = {}): Promise<Message> {
    return await this.#perform("sendVoice", { ...voice, ...this.#upload(content, { chat, reply_to, caption }) });
  }

  #upload(content: Uint8Array, { chat = this.chat, reply_to, caption }: Loose<FileOptions>): Upload {
    const more = {
      ...(reply_to !== undefined && { reply_to: idOf(reply_to) }),
      ...(caption !== undefined && { caption }),
    };
    return { user_id: this.id, chat_id: chat.id, base64: Buffer.from(content).toString("base64"), ...more };
  }

  async edit(message: Message, text: string): Promise<Message> {
    const { chat, message_id } = message;
    return await this.#perform("edit", { user_id: this.id, chat_id: chat.id, message_id, content: { text } });
  }

  /**
   * Presses a button of the given message. Without one: a button of the latest message that has it, or of the reply
   * keyboard.
   */
  async press(
    button: ButtonChoice,
    { chat = this.chat, message }: Where & { message?: Message } = {},
  ): Promise<PressedButton> {
    const place =
      message === undefined ? { chat_id: chat.id } : { chat_id: message.chat.id, message_id: message.message_id };
    const pressed = await this.#perform("press", { user_id: this.id, button, ...place });
    return {
      ...pressed,
      answered: async (expected, options = {}) => {
        const answer = await findEvent(this.#perform, place.chat_id, {
          ...options,
          after: pressed.after,
          what: `answer to the button that ${this.user.first_name} pressed`,
          matches: (event): event is EventOf<"callback-answer"> =>
            event.type === "callback-answer" && event.callback_query_id === pressed.callback_query_id,
        });
        const isText = typeof expected === "string" || expected instanceof RegExp;
        const comparison = compare(isText ? answer.text : answer, expected ?? true);
        await expectEqual(this.#perform, "answer to the button", comparison);
        return answer;
      },
    };
  }

  /** @param emoji without it, the reaction is removed */
  async react(message: Message, emoji?: string): Promise<void> {
    const { chat, message_id } = message;
    await this.#perform("react", { user_id: this.id, chat_id: chat.id, message_id, ...(emoji && { emoji }) });
  }

  /** @param options positions, from 0; an empty array retracts the vote */
  async vote({ chat, message_id }: Message, options: number[]): Promise<void> {
    await this.#perform("vote", { user_id: this.id, chat_id: chat.id, message_id, options });
  }

  async inlineQuery(query: string, offset = ""): Promise<AskedInline> {
    const { inline_query_id, after } = await this.#perform("inlineQuery", { user_id: this.id, query, offset });
    return {
      inline_query_id,
      answered: async (expected, options = {}) => {
        const answer = await findEvent(this.#perform, this.id, {
          ...options,
          after,
          what: `answer to the inline query of ${this.user.first_name}`,
          matches: (event): event is EventOf<"inline-answer"> =>
            event.type === "inline-answer" && event.inline_query_id === inline_query_id,
        });
        await expectEqual(this.#perform, "answer to the inline query", compare(answer.results, expected ?? true));
        return answer;
      },
    };
  }

  async join(chat: SimulatedChat): Promise<void> {
    await this.#perform("join", { user_id: this.id, chat_id: chat.id });
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

type Loose<Options> = { [Key in keyof Options]: Options[Key] | undefined };

const idOf = (message: Message | number) => (typeof message === "number" ? message : message.message_id);
