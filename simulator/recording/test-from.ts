/** Writes a recording as a test, which people can read and go on with. */

import type { Message, MessageId, Update } from "@grammyjs/types";
import type { Takes } from "../clients/actions/actions.ts";
import { textOf } from "../clients/buttons.ts";
import type { RecordedCall } from "../state/call-log.ts";
import type { Act, Recording } from "./recording.ts";

export interface TestOptions {
  /** Of the test. */
  name?: string;
  runner?: "node:test" | "vitest";
  /** Lines of code that import what `bot` needs. */
  imports?: readonly string[];
  /** An expression for the bot, in which `simulator` is known: `makeBot(simulator.token, simulator.url)`. */
  bot: string;
}

/** @returns the text of a file with one test, which passes with the recorded bot */
export function testFrom(
  recording: Recording,
  { name = "as recorded", runner = "node:test", imports = [], bot }: TestOptions,
): string {
  const { counted } = new Writer(recording);
  const { lines } = new Writer(recording, counted);
  return `import { test } from ${code(runner)};
import { Simulator } from ${code("asgigram/simulator")};
${imports.map((line) => `${line}\n`).join("")}
test(${code(name)}, async () => {
  await using simulator = await Simulator.start({ seed: ${recording.seed} });
  await simulator.run(${bot});
${lines.map((line) => `  ${line}\n`).join("")}});
`;
}

class Writer {
  readonly lines: string[] = [];
  /** Methods with a call that `called` gives. It counts the calls of a method, so it has to give those that are expected as messages, too. */
  readonly counted: Set<string>;
  /** Names of variables by the ids of users and chats. */
  readonly #names = new Map<number, string>();
  readonly #bot: number;

  constructor({ entries, bot }: Recording, counted = new Set<string>()) {
    this.counted = counted;
    this.#bot = bot;
    for (const entry of entries) {
      if ("act" in entry) this.#act(entry);
      else if ("call" in entry) this.#call(entry.call);
      else this.#update(entry.update as Update);
    }
  }

  #act({ act, takes, id }: Act): void {
    if (act === "user") return this.#declare(id!, (takes as Takes<"user">).name, "user", takes);
    if (act === "chat") return this.#declare(id!, (takes as Takes<"chat">).title, "group", takes);
    if (act === "advance")
      return void this.lines.push(`await simulator.advance(${(takes as Takes<"advance">).seconds});`);
    const sent = act === "send" ? this.#sendText(takes as Takes<"send">) : undefined;
    this.lines.push(sent ?? `await simulator.perform(${code(act)}, ${code(takes)});`);
  }

  /** A call that made messages is expected as users see them, any other by its parameters. */
  #call(call: RecordedCall): void {
    const { method, parameters } = call;
    const messages = messagesOf(call);
    const chat = this.#names.get(messages[0]?.chat?.id ?? Number(parameters.chat_id)) ?? "";
    const isSeen = messages.length > 0 && chat !== "";
    if (!isSeen) this.counted.add(method);
    if (this.counted.has(method)) {
      this.lines.push(`await simulator.called(${code(method)}${isSeen ? "" : `, ${code(parameters)}`});`);
    }
    if (isSeen) for (const message of messages) this.#seen(chat, message);
    if (chat !== "" && isStoppedPoll(call)) this.lines.push(`await ${chat}.seesEdit(${code({ poll: true })});`);
  }

  /** The bot gets its service messages as updates. The results of the calls that made them do not have them. */
  #update({ message, channel_post }: Update): void {
    const notice = (message ?? channel_post) as Message | undefined;
    const chat = this.#names.get(notice?.chat.id ?? 0);
    if (notice === undefined || chat === undefined) return;
    const isByBot = notice.from === undefined ? NOTICES.some((key) => key in notice) : notice.from.id === this.#bot;
    if (isByBot) this.#seen(chat, notice);
  }

  #seen(chat: string, message: Made): void {
    const verb = message.edit_date === undefined ? "receives" : "seesEdit";
    this.lines.push(`await ${chat}.${verb}(${code(expectedOf(message))});`);
  }

  #declare(id: number, name: string, method: string, takes: object): void {
    if (this.#names.has(id)) return;
    const { name: _, title: __, details: more, ...rest } = takes as { name?: string; title?: string; details?: object };
    const options = { ...more, ...rest };
    const given = Object.keys(options).length === 0 ? "" : `, ${code(options)}`;
    const variable = this.#variableFor(name);
    this.#names.set(id, variable);
    this.lines.push(`const ${variable} = await simulator.${method}(${code(name)}${given});`);
  }

  #sendText({ user_id, chat_id = user_id, content, ...more }: Takes<"send">): string | undefined {
    const user = this.#names.get(user_id);
    const chat = chat_id === user_id ? "" : this.#names.get(chat_id);
    const isPlain = Object.keys(content).join() === "text" && Object.values(more).every((value) => value === undefined);
    if (!isPlain || user === undefined || chat === undefined) return undefined;
    return `await ${user}.sendText(${code(content.text)}${chat && `, { chat: ${chat} }`});`;
  }

  #variableFor(name: string): string {
    const word = name.replaceAll(/[^\p{ID_Continue}]+/gu, "_").replace(/^(?=\p{N}|$)/u, "_");
    const base = `${word[0]!.toLowerCase()}${word.slice(1)}`;
    const taken = new Set([...this.#names.values(), "simulator", "test"]);
    let variable = base;
    for (let n = 2; taken.has(variable); n++) variable = `${base}${n}`;
    return variable;
  }
}

/** A message, or its id alone, as copyMessage gives it. */
type Made = MessageId & Partial<Message>;

/** By the result: a call is carried out even if its caller has hung up. */
const messagesOf = ({ method, result }: RecordedCall) => (/^get/i.test(method) ? [] : [result].flat().filter(isMade));

/** Its result is the poll, not the message. */
const isStoppedPoll = ({ method, result }: RecordedCall) => method.toLowerCase() === "stoppoll" && result !== undefined;

function expectedOf(message: Made): unknown {
  const { text, caption, reply_markup } = message;
  const buttons = reply_markup?.inline_keyboard.map((row) => row.map(textOf));
  const kind = KINDS.find((key) => message[key] !== undefined);
  if (buttons === undefined && kind === undefined) return text;
  return { text, ...(kind && { [kind]: true }), caption, buttons };
}

/** Service messages that only the bot makes: those of channels do not show their sender. */
const NOTICES = ["pinned_message", "new_chat_title", "new_chat_photo", "delete_chat_photo"] as const;

const MEDIA =
  "photo video animation audio voice video_note document sticker location venue contact poll dice invoice game";

const KINDS = [...(MEDIA.split(" ") as (keyof Message)[]), ...NOTICES];

/** The id of an ephemeral message is 0: it is none of the chat. */
const isMade = (result: unknown): result is Made =>
  typeof result === "object" && result !== null && (result as Partial<Made>).message_id! > 0;

/** A value as code. */
const code = (value: unknown) => JSON.stringify(value) ?? "";
