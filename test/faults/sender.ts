/** The sending half of the server, from the outbox to the sockets, against a Bot API with faults. */

import type { Answer } from "../../src/protocol/port.ts";
import { Limiter } from "../../src/sends/limiter.ts";
import { Outbox, type OutboxOptions } from "../../src/sends/outbox.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { judgeCall } from "../../src/telegram/retry.ts";
import { message } from "../end-to-end/bot.ts";
import type { Clock } from "./clock.ts";
import { FaultyApi, type FaultyApiOptions } from "./faulty-api.ts";

export interface SenderOptions extends FaultyApiOptions {
  /** The bot may write to the private chats 1, 2, … up to this one: 5. */
  chats?: number;
  /** 60 s unless given: ms. */
  callTimeout?: number;
  /** Times the pauses, in place of a real clock. */
  clock?: Clock;
}

export class Sender implements AsyncDisposable {
  readonly api: FaultyApi;
  readonly #botApi: BotApi;
  readonly #outbox: Outbox;

  private constructor(api: FaultyApi, callTimeout: number, clock: Clock | undefined) {
    this.api = api;
    this.#botApi = new BotApi({ token: api.token, apiUrl: api.url, callTimeout });
    const options: OutboxOptions = { request: (call) => this.#botApi.make(call), judge: judgeCall };
    this.#outbox = new Outbox(
      clock ? { ...options, limiter: new Limiter({ now: clock.now }), wait: clock.wait } : options,
    );
  }

  static async start({ chats = 5, callTimeout = 60_000, clock, ...options }: SenderOptions): Promise<Sender> {
    const api = await FaultyApi.start(options);
    await api.simulator.pushMany(Array.from({ length: chats }, (_, i) => message(i + 1, "hello")));
    return new Sender(api, callTimeout, clock);
  }

  /** Resolves with the method's result. */
  call(method: string, parameters: { chat_id?: number; [name: string]: unknown } = {}): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const lane = parameters.chat_id === undefined ? undefined : String(parameters.chat_id);
    this.#outbox.post({
      call: { method, lane, body: JSON.stringify(parameters) },
      succeeded: resolve,
      failed: reject,
    });
    this.#outbox.takeTurn()();
    const result = promise.then((answer) => (JSON.parse(answer as string) as { result: unknown }).result);
    // A failing test ends this call, too; its own error is the one to show.
    result.catch(() => {});
    return result;
  }

  say(chat_id: number, text: string): Promise<unknown> {
    return this.call("sendMessage", { chat_id, text });
  }

  /** The texts that the chat has received, in order. */
  async heard(chat_id: number): Promise<(string | undefined)[]> {
    const messages = await this.api.simulator.perform("messages", { chat_id });
    return messages.filter(({ from }) => from?.is_bot).map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outbox.close();
    await this.#botApi.close();
    await this.api.close();
  }
}
