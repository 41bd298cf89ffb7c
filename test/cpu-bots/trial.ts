/** A bot of bots/ under the real command line with an inbox, and two people who talk to it. */

import type { Message } from "@grammyjs/types";
import { type SimulatedUser, Simulator } from "../../simulator/index.ts";
import { childrenOf } from "../child.ts";
import { Bot } from "../end-to-end/bot.ts";
import { LIMIT } from "../eventually.ts";
import { Folder } from "../folder.ts";

/** The server tells it to the person whose job has failed. */
export const FAILED = "Sorry, that failed.";
const WORKING = /^Working, attempt (\d+)$/;
const SHUTDOWN_TIMEOUT = 30;
const CRASH = new URL("./crash.ts", import.meta.url);

export class Trial implements AsyncDisposable {
  readonly ann: Person;
  readonly ben: Person;
  readonly #simulator: Simulator;
  readonly #app: string;
  readonly #folder = new Folder();
  #bot!: Bot;

  private constructor(simulator: Simulator, ann: SimulatedUser, ben: SimulatedUser, app: string) {
    this.ann = new Person(ann);
    this.ben = new Person(ben);
    this.#simulator = simulator;
    this.#app = app;
  }

  /** @param app the folder of the bot */
  static async start(app: string): Promise<Trial> {
    const simulator = await Simulator.start();
    const trial = new Trial(simulator, await simulator.user("Ann"), await simulator.user("Ben"), app);
    await trial.restart();
    return trial;
  }

  async restart(): Promise<void> {
    const inbox = this.#folder.join("inbox.sqlite");
    const args = ["--inbox", inbox, "--shutdown-timeout", `${SHUTDOWN_TIMEOUT}`, "--on-failure", FAILED];
    const env = { BOT_FOLDER: this.#folder.path, NODE_OPTIONS: `--import=${CRASH}` };
    this.#bot = new Bot("bot.ts", this.#simulator, args, { cwd: this.#app, env });
    await this.#bot.process.says("serving");
  }

  /** Ends what computes: the child processes, or the heavy threads if there are none. */
  crash(): void {
    const children = childrenOf(this.#bot.process.process.pid!);
    for (const child of children) process.kill(child, "SIGKILL");
    if (children.length === 0) this.#bot.process.signal("SIGXCPU");
  }

  /** Ends the workers, which do not compute. */
  crashWorkers(): void {
    this.#bot.process.signal("SIGPWR");
  }

  async reload(): Promise<void> {
    this.#bot.process.process.kill("SIGHUP");
    await this.logs(/^workers have been replaced/);
  }

  /** Resolves once the log has a line whose message matches. */
  async logs(message: RegExp): Promise<void> {
    await this.#bot.logged(({ msg }) => message.test(msg));
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

export class Person {
  readonly #user: SimulatedUser;

  constructor(user: SimulatedUser) {
    this.#user = user;
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
      if (message.text === "Cancelled." || message.text === FAILED) throw new Error(`the bot said "${message.text}"`);
      if (isResult(message)) return message;
    }
  }

  /** Number of the bot's messages so far. */
  async heard(): Promise<number> {
    return (await this.#user.received()).length;
  }
}

function isResult({ text, caption }: Message): boolean {
  return (text ?? caption)?.startsWith("Done") === true;
}
