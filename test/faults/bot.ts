/** A bot in this process, behind a Bot API with faults, and the fate of the messages to it. */

import assert from "node:assert/strict";
import { resolveConfig, type Values } from "../../src/config/config.ts";
import { type RunningServer, serve } from "../../src/server.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { FaultyApi, type FaultyApiOptions } from "./faulty-api.ts";

export interface FaultyBotOptions extends FaultyApiOptions {
  chats?: number;
  flags?: Values;
  /** Injects the faults of the start. */
  prepare?(api: FaultyApi): void;
}

export class FaultyBot implements AsyncDisposable {
  readonly api: FaultyApi;
  readonly server: RunningServer;
  readonly #chats: number;
  #rounds = 0;

  private constructor(api: FaultyApi, server: RunningServer, chats: number) {
    this.api = api;
    this.server = server;
    this.#chats = chats;
  }

  /** Starts `apps/<app>.ts`; resolves when it polls. */
  static async start(
    app: string,
    { chats = 5, flags = {}, prepare, ...options }: FaultyBotOptions,
  ): Promise<FaultyBot> {
    const api = await FaultyApi.start(options);
    prepare?.(api);
    const config = await resolveConfig({
      options: {
        application: `apps/${app}.ts`,
        token: api.token,
        apiUrl: api.url,
        inbox: false,
        workers: 1,
        logLevel: process.env.ASGIGRAM_TEST_LOG ?? "silent",
        ...flags,
      },
      env: {},
      cwd: import.meta.dirname,
    });
    try {
      return new FaultyBot(api, await serve(config), chats);
    } catch (error) {
      await api.close();
      throw error;
    }
  }

  /** Sends one more message to each chat: its text is the number of the round, from 1. */
  async round(): Promise<void> {
    this.#rounds += 1;
    await this.api.simulator.pushMany(
      Array.from({ length: this.#chats }, (_, i) => message(i + 1, String(this.#rounds))),
    );
  }

  /** The texts sent to the chat, in order. */
  heard(chat: number): string[] {
    return this.api.simulator.calls
      .filter(({ method, parameters }) => method === "sendMessage" && parameters.chat_id === chat)
      .map(({ parameters }) => String(parameters.text));
  }

  /** Resolves when the chat has received that text, or so many texts. */
  async hears(chat: number, what: string | number): Promise<void> {
    await eventually(
      () => (typeof what === "string" ? this.heard(chat).includes(what) : this.heard(chat).length === what),
      () => `chat ${chat} is to hear ${what}, and heard ${this.heard(chat)}`,
    );
  }

  /** Resolves when each chat has its answer to every round; asserts that they came once each, in order, at the first attempt. */
  async answered(): Promise<void> {
    const expected = Array.from({ length: this.#rounds }, (_, i) => `${i + 1} 1`);
    const chats = Array.from({ length: this.#chats }, (_, i) => i + 1);
    const missing = () => chats.filter((chat) => this.heard(chat).length < this.#rounds);
    await eventually(
      () => missing().length === 0,
      () =>
        missing()
          .map((chat) => `chat ${chat} heard ${this.heard(chat)}`)
          .join("; "),
    );
    await this.server.idle();
    for (const chat of chats) assert.deepEqual(this.heard(chat), expected, `what chat ${chat} heard`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api.heal();
    await this.server.stop().catch(() => {});
    await this.api.close();
  }
}
