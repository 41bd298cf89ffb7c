/** A bot of bots/ under the real command line with an inbox, and a person who talks to it. */

import type { Message } from "@grammyjs/types";
import { type SimulatedUser, Simulator } from "../../simulator/index.ts";
import { Bot } from "../end-to-end/bot.ts";
import { LIMIT } from "../eventually.ts";
import { Folder } from "../folder.ts";

const WORKING = /^Working, attempt (\d+)$/;
const SHUTDOWN_TIMEOUT = 30;

export class Trial implements AsyncDisposable {
  readonly #simulator: Simulator;
  readonly #user: SimulatedUser;
  readonly #app: string;
  readonly #folder = new Folder();
  #bot!: Bot;

  private constructor(simulator: Simulator, user: SimulatedUser, app: string) {
    this.#simulator = simulator;
    this.#user = user;
    this.#app = app;
  }

  /** @param app the folder of the bot */
  static async start(app: string): Promise<Trial> {
    const simulator = await Simulator.start();
    const trial = new Trial(simulator, await simulator.user("Ann"), app);
    await trial.restart();
    return trial;
  }

  async restart(): Promise<void> {
    const args = ["--inbox", this.#folder.join("inbox.sqlite"), "--shutdown-timeout", `${SHUTDOWN_TIMEOUT}`];
    this.#bot = new Bot("bot.ts", this.#simulator, args, { cwd: this.#app, env: { BOT_FOLDER: this.#folder.path } });
    await this.#bot.process.says("serving");
  }

  async ask(text: string): Promise<void> {
    await this.#user.sendText(text);
  }

  /** The bot's next message. */
  async next(): Promise<Message> {
    return await this.#user.nextMessage({ timeout: LIMIT });
  }

  /** @returns the number of the attempt, which the bot says when it begins a job */
  async working(): Promise<number> {
    const { text = "" } = await this.next();
    const [, attempt] = WORKING.exec(text) ?? [];
    if (attempt === undefined) throw new Error(`the bot said "${text}"`);
    return Number(attempt);
  }

  /** The result of the job, from whichever attempt. */
  async answer(): Promise<Message> {
    for (;;) {
      const message = await this.next();
      if (message.text === "Cancelled.") throw new Error("the bot was cancelled");
      if (isResult(message)) return message;
    }
  }

  async reload(): Promise<void> {
    this.#bot.process.process.kill("SIGHUP");
    await this.#bot.logged(({ msg }) => msg.startsWith("workers have been replaced"));
  }

  /** The log lines of the running server whose message matches. */
  logged(message: RegExp): string[] {
    return this.#bot.log.map(({ msg }) => msg).filter((msg) => message.test(msg));
  }

  async kill(): Promise<void> {
    await this.#bot.end("SIGKILL");
  }

  /** @throws Error if the server does not end as it should */
  async stop(): Promise<void> {
    const { code, stderr } = await this.#bot.end();
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bot?.[Symbol.asyncDispose]();
    await this.#simulator.close();
    this.#folder[Symbol.dispose]();
  }
}

function isResult({ text, caption }: Message): boolean {
  return (text ?? caption)?.startsWith("Done") === true;
}
