/**
 * A chat with the bot in the terminal: `asgigram simulate <application>`.
 *
 * At a terminal it shows a prompt and prints the bot's messages as they arrive. Otherwise it reads lines to the end of
 * input, and after each line waits until the bot is idle, so that it prints the bot's side of the conversation in
 * order: `printf 'hello\n' | asgigram simulate echo.ts` is a test.
 */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { styleText } from "node:util";
import { ActionError } from "./clients/actions/actions.ts";
import type { SimulatedChat } from "./clients/simulated-chat.ts";
import type { SimulatedUser } from "./clients/simulated-user.ts";
import type { Simulator } from "./simulator.ts";
import type { ChatEvent } from "./state/journal.ts";
import { HELP, type Line, parseLine } from "./terminal/line.ts";
import { PromptLine } from "./terminal/prompt-line.ts";
import { render } from "./terminal/render.ts";
import { oneLine, visible } from "./terminal/visible.ts";

export interface TerminalChatOptions {
  simulator: Simulator;
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
  /** Resolves when the server has settled every update that it received, and its sends are done. */
  idle: () => Promise<void>;
  /** Ends the chat early. */
  signal?: AbortSignal;
  /** Shared with other code that prints at this terminal. */
  promptLine?: PromptLine;
}

/** Resolves at the end of the chat: the end of input, `/quit`, or the signal. */
export async function runTerminalChat(options: TerminalChatOptions): Promise<void> {
  await new TerminalChat(options).run();
}

const FIRST_USER = "ann";
const WELCOME = "Talk to the bot. /help lists the commands, /quit leaves.";

class TerminalChat {
  readonly #options: TerminalChatOptions;
  readonly #isInteractive: boolean;
  readonly #promptLine: PromptLine;
  /** The source of the button numbers shown last, by chat: a message id, or undefined for the reply keyboard. */
  readonly #buttons = new Map<number, number | undefined>();
  #me!: SimulatedUser;
  #chat!: SimulatedChat;
  #lines!: Interface;
  #isOver = false;
  /** The input has ended, but lines typed ahead may be left. */
  #isClosed = false;

  constructor(options: TerminalChatOptions) {
    this.#options = options;
    this.#isInteractive = options.input.isTTY === true;
    this.#promptLine = options.promptLine ?? new PromptLine();
  }

  async run(): Promise<void> {
    const { simulator, input, output, signal } = this.#options;
    await this.#switchUser(FIRST_USER);
    if (signal?.aborted) return;
    const stopObserving = simulator.observe((event) => this.#show(event));
    const prompt = this.#isInteractive ? { output, terminal: true } : {};
    this.#lines = createInterface({ input, ...prompt, ...(signal && { signal }) });
    if (this.#isInteractive) this.#promptLine.attach(this.#lines, output);
    this.#lines.on("SIGINT", () => this.#lines.close());
    this.#lines.on("close", () => {
      this.#isClosed = true;
    });
    try {
      if (this.#isInteractive) output.write(`${styleText("dim", WELCOME, { stream: output as NodeJS.WriteStream })}\n`);
      await this.#readLines();
    } finally {
      stopObserving();
      this.#lines.close();
    }
  }

  async #readLines(): Promise<void> {
    this.#prompt();
    for await (const line of this.#lines) {
      await this.#execute(parseLine(line)).catch((error) => this.#printError(error));
      if (this.#isOver) return;
      if (!this.#isInteractive) await this.#settled();
      this.#prompt();
    }
  }

  async #execute(line: Line): Promise<void> {
    switch (line.do) {
      case "send":
        return void (await this.#me.sendText(line.text, { chat: this.#chat }));
      case "press":
        return await this.#press(line.number);
      case "as":
        return await this.#switchUser(line.name);
      case "chat":
        this.#chat = line.title === undefined ? this.#me.chat : await this.#options.simulator.group(line.title);
        return;
      case "rights":
        return await this.#promoteBot(line.rights);
      case "file":
      case "photo":
      case "video":
      case "voice":
        return await this.#sendFile(line.do, line.path);
      case "help":
        return this.#print(HELP);
      case "quit":
        this.#isOver = true;
        return;
      case "usage":
        return this.#print(`Write ${line.form}; see /help.`);
      case "nothing":
    }
  }

  async #sendFile(as: "file" | "photo" | "video" | "voice", path: string): Promise<void> {
    const content = await readFile(path).catch((error) => {
      throw new ActionError(error.message);
    });
    const [name, chat] = [basename(path), this.#chat];
    if (as === "file") await this.#me.sendFile(name, content, { chat });
    else if (as === "photo") await this.#me.sendPhoto(content, { chat });
    else if (as === "video") await this.#me.sendVideo(content, { chat, name });
    else await this.#me.sendVoice(content, { chat, name });
  }

  /** @param names with or without `can_` */
  async #promoteBot(names: readonly string[]): Promise<void> {
    if (this.#chat === this.#me.chat) throw new ActionError("a private chat has no rights");
    const rights = names.map((name) => [name.replace(/^(?:can_)?/, "can_"), true]);
    await this.#chat.promoteBot(this.#me, rights.length === 0 ? undefined : Object.fromEntries(rights));
  }

  async #press(number: number): Promise<void> {
    if (!this.#buttons.has(this.#chat.id)) throw new ActionError("this chat has no buttons yet");
    const message_id = this.#buttons.get(this.#chat.id);
    const place = { user_id: this.#me.id, chat_id: this.#chat.id, ...(message_id !== undefined && { message_id }) };
    const { url } = await this.#options.simulator.perform("press", { ...place, button: number });
    if (url !== undefined) this.#print(`opens ${url}`);
  }

  /** Switches the user. A group stays open; a private chat changes to the new user's own. */
  async #switchUser(name: string): Promise<void> {
    const wasPrivate = this.#chat === undefined || this.#chat.chat.type === "private";
    this.#me = await this.#options.simulator.user(name);
    if (wasPrivate) this.#chat = this.#me.chat;
  }

  /** Waits until the bot has received and settled all updates. */
  async #settled(): Promise<void> {
    const { simulator, idle, signal } = this.#options;
    while (!signal?.aborted) {
      const isReceived = await simulator.perform("confirmed", { timeout: 500 });
      if (isReceived) return await idle();
    }
  }

  #show(event: ChatEvent): void {
    if (event.by !== "bot") return;
    if (event.type === "message" || event.type === "edited") this.#rememberButtons(event);
    if (event.type === "action" && !this.#isInteractive) return;
    const text = render(event, this.#options.simulator.bot.first_name);
    if (text !== undefined) this.#print(this.#place(event.chat_id) + text);
  }

  #rememberButtons(event: Extract<ChatEvent, { type: "message" | "edited" }>): void {
    const { reply_markup, message_id } = event.message;
    if (reply_markup !== undefined) this.#buttons.set(event.chat_id, message_id);
    else if (event.type === "message" && event.keyboard) this.#buttons.set(event.chat_id, undefined);
    else if (this.#buttons.get(event.chat_id) === message_id) this.#buttons.delete(event.chat_id);
  }

  /** The prefix for an event outside the current chat. */
  #place(chat_id: number): string {
    if (chat_id === this.#chat.id) return "";
    return `[${oneLine(this.#options.simulator.titleOf(chat_id))}] `;
  }

  #printError(error: unknown): void {
    if (!(error instanceof ActionError)) throw error;
    this.#print(`(${error.message})`);
  }

  #prompt(): void {
    if (!this.#isInteractive || this.#isClosed) return;
    const { type, id } = this.#chat.chat;
    // The bot can change the title.
    const where = type === "private" ? "private" : this.#options.simulator.titleOf(id);
    this.#lines.setPrompt(oneLine(`${this.#me.user.first_name} @ ${where}> `));
    this.#lines.prompt(true);
  }

  #print(text: string): void {
    this.#promptLine.above(() => this.#options.output.write(`${visible(text)}\n`));
  }
}
