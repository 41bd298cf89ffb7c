/** Writes a recording as a test, which people can read and go on with. */

import type { Message } from "@grammyjs/types";
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
  const writer = new Writer();
  for (const entry of recording.entries) {
    if ("act" in entry) writer.act(entry);
    if ("call" in entry) writer.call(entry.call);
  }
  return `import { test } from ${code(runner)};
import { Simulator } from ${code("asgigram/simulator")};
${imports.map((line) => `${line}\n`).join("")}
test(${code(name)}, async () => {
  await using simulator = await Simulator.start({ seed: ${recording.seed} });
  await simulator.run(${bot});
${writer.lines.map((line) => `  ${line}\n`).join("")}});
`;
}

class Writer {
  readonly lines: string[] = [];
  /** Names of variables by the ids of users and chats. */
  readonly #names = new Map<number, string>();

  act({ act, takes, id }: Act): void {
    if (act === "user") return this.#declare(id!, (takes as Takes<"user">).name, "user", takes);
    if (act === "chat") return this.#declare(id!, (takes as Takes<"chat">).title, "group", takes);
    if (act === "advance")
      return void this.lines.push(`await simulator.advance(${(takes as Takes<"advance">).seconds});`);
    const sent = act === "send" ? this.#sendText(takes as Takes<"send">) : undefined;
    this.lines.push(sent ?? `await simulator.perform(${code(act)}, ${code(takes)});`);
  }

  /** A call that made a message is expected as users see it, any other by its parameters. */
  call({ method, parameters, status, result }: RecordedCall): void {
    const message = status === 200 && isMessage(result) ? result : undefined;
    const chat = message && this.#names.get(message.chat.id);
    if (message === undefined || chat === undefined) {
      return void this.lines.push(`await simulator.called(${code(method)}, ${code(parameters)});`);
    }
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

function expectedOf(message: Message): unknown {
  const { text, caption, reply_markup } = message;
  const buttons = reply_markup?.inline_keyboard.map((row) => row.map(textOf));
  const kind = KINDS.find((key) => message[key] !== undefined);
  if (buttons === undefined && kind === undefined) return text;
  return { text, ...(kind && { [kind]: true }), caption, buttons };
}

const KINDS =
  "photo video animation audio voice video_note document sticker location venue contact poll dice invoice game".split(
    " ",
  ) as (keyof Message)[];

const isMessage = (result: unknown): result is Message =>
  typeof result === "object" && result !== null && "message_id" in result && "chat" in result;

/** A value as code. */
const code = (value: unknown) => JSON.stringify(value) ?? "";
