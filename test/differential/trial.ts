/**
 * A bot's file, run by Node.js alone and by asgigram against a simulator each, and what its people said to it. The bot has the URL
 * of the Bot API in API_ROOT and its token in BOT_TOKEN.
 */

import { once } from "node:events";
import { join } from "node:path";
import {
  type IncomingCall,
  Refusal,
  refuse,
  type SimulatedUser,
  Simulator,
  tooManyRequests,
} from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { Bot } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { FAULTS, type Fault } from "./methods.ts";

/** Deeds of a person; the bot has a part of its own for the person of that name. */
export type Script = (talk: Talk) => Promise<void>;

/** Outcome of the talks, to be compared: by the name of the person. The bot's calls before all talks are by "start". */
export type Outcomes = Record<string, Outcome>;

interface Outcome {
  /** By chat: there is no order between those of different chats, and those without a chat. */
  readonly calls: Partial<Record<string, readonly Call[]>>;
  /** Messages in the chat of the person. */
  readonly messages: readonly unknown[];
}

interface Call {
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** HTTP status of the answer. */
  status?: number;
  /** The text was one of FAULTS. */
  readonly isFault: boolean;
}

/** Calls that belong to the receiving of updates. */
const RECEIVING = ["getMe", "getUpdates", "getWebhookInfo", "setWebhook", "deleteWebhook"];

/** Dates are the same in both runs. */
const NOW = Date.UTC(2027, 0, 1);

const BOTS = join(import.meta.dirname, "bots");

export interface TrialOptions {
  /** Variables for the bot. */
  readonly env: { readonly [name: string]: string };
}

export async function runNatively(
  file: string,
  scripts: ReadonlyMap<string, Script>,
  { env }: TrialOptions,
): Promise<Outcomes> {
  const trial = new Trial();
  await using simulator = await trial.start();
  const own = { ...variables(simulator), ...env };
  const child = startChild(process.execPath, [join(BOTS, file)], { cwd: BOTS, env: { ...process.env, ...own } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const exit = once(child, "exit");
  trial.isOver = () => (child.exitCode === null ? undefined : output);
  try {
    await trial.change(
      () => trial.isPolled,
      () => output,
    );
    return await trial.play(simulator, scripts);
  } finally {
    child.kill("SIGKILL");
    await exit;
  }
}

export async function runUnderAsgigram(
  file: string,
  scripts: ReadonlyMap<string, Script>,
  { env }: TrialOptions,
): Promise<Outcomes> {
  const trial = new Trial();
  await using simulator = await trial.start();
  const own = { ...variables(simulator), ...env, ASGIGRAM_TOKEN: "" };
  await using bot = new Bot(file, simulator, ["--no-inbox"], { cwd: BOTS, env: own });
  trial.isOver = () => (bot.process.process.exitCode === null ? undefined : bot.process.stderr);
  await bot.logged(({ msg }) => msg === "serving");
  const outcomes = await trial.play(simulator, scripts);
  await bot.end();
  return outcomes;
}

const variables = ({ token, url }: Simulator) => ({ BOT_TOKEN: token, API_ROOT: url });

class Trial {
  isPolled = false;
  /** The output of the bot once it has ended. */
  isOver: () => string | undefined = () => undefined;
  /** Those of the present talk. */
  #calls: Call[] = [];
  readonly #looks = new Set<() => void>();

  async start(): Promise<Simulator> {
    return await Simulator.start({ now: () => NOW, intercept: this.#intercept });
  }

  /** Begins when the bot has told its commands: each of our bots does so at its start, and not all wait for it. */
  async play(simulator: Simulator, scripts: ReadonlyMap<string, Script>): Promise<Outcomes> {
    const tellsCommands = ({ method, status }: Call) => method === "setMyCommands" && status !== undefined;
    await this.change(
      () => this.#calls.some(tellsCommands),
      () => this.#calls,
    );
    const outcomes: Outcomes = { start: { calls: byChat(this.#calls), messages: [] } };
    for (const [name, script] of scripts) {
      const calls: Call[] = [];
      this.#calls = calls;
      const person = await simulator.user(name);
      const answered = async (count: number) => {
        await this.change(
          () => calls.filter(({ status, isFault }) => status !== undefined && !isFault).length >= count,
          () => ({ name, count, calls }),
        );
      };
      await script(new Talk(simulator, person, answered));
      outcomes[name] = { calls: byChat(calls), messages: await person.chat.messages() };
    }
    return outcomes;
  }

  /** Resolves as soon as the condition holds. */
  async change(condition: () => boolean, saw: () => unknown): Promise<void> {
    const hold = () => {
      const output = this.isOver();
      if (output !== undefined) throw new Error(`the bot has ended:\n${output}`);
      return condition();
    };
    await eventually(hold, saw, (look) => {
      this.#looks.add(look);
      const timer = setInterval(look, 1000);
      return () => {
        this.#looks.delete(look);
        clearInterval(timer);
      };
    });
  }

  readonly #intercept = async (incoming: IncomingCall, respond: () => Promise<Response>): Promise<Response> => {
    if (RECEIVING.includes(incoming.method)) {
      if (incoming.method === "getUpdates" && Number(incoming.parameters.timeout) > 0) this.isPolled = true;
      this.#look();
      return await respond();
    }
    const { method, parameters } = incoming;
    const call: Call = {
      method,
      parameters: comparable(parameters),
      isFault: faultIn(parameters) !== undefined,
    };
    const isFlood = parameters.text === "flood" && !this.#calls.some((one) => one.parameters.text === "flood");
    this.#calls.push(call);
    const response = isFlood ? refuse(tooManyRequests(1)) : await answer(incoming, respond);
    call.status = response.status;
    this.#look();
    return response;
  };

  #look(): void {
    for (const look of this.#looks) look();
  }
}

function byChat(calls: readonly Call[]): Partial<Record<string, readonly Call[]>> {
  return Object.groupBy(calls, ({ parameters: { chat_id } }) => (chat_id === undefined ? "no chat" : String(chat_id)));
}

/** The fault that a text or a caption asks for. */
function faultIn({ text, caption = text }: IncomingCall["parameters"]): Fault | undefined {
  return FAULTS.find((fault) => fault === caption);
}

async function answer({ parameters, incoming }: IncomingCall, respond: () => Promise<Response>): Promise<Response> {
  switch (faultIn(parameters)) {
    case "500":
      return refuse(new Refusal(500, "Internal Server Error"));
    case "403":
      return refuse(new Refusal(403, "Forbidden: bot was kicked from the supergroup chat"));
    case "moved": {
      const moved = { migrate_to_chat_id: -1001 };
      return refuse(new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", moved));
    }
    case "lost": {
      const response = await respond();
      incoming.socket.destroy();
      return response;
    }
    default:
      return await respond();
  }
}

/** One person, who talks to the bot. */
export class Talk {
  readonly simulator: Simulator;
  readonly person: SimulatedUser;
  readonly #answered: (count: number) => Promise<void>;
  #count = 0;

  constructor(simulator: Simulator, person: SimulatedUser, answered: (count: number) => Promise<void>) {
    this.simulator = simulator;
    this.person = person;
    this.#answered = answered;
  }

  /** Sends a text. Resolves when the bot has made that many calls more, without FAULTS, and they are answered. */
  readonly say = async (text: string, calls = 1): Promise<void> => {
    await this.person.sendText(text);
    await this.answered(calls);
  };

  /** Presses the button with this text. */
  readonly press = async (button: string, calls: number): Promise<void> => {
    await this.person.press(button);
    await this.answered(calls);
  };

  /** Resolves when the bot has made that many calls more, and they are answered. */
  readonly answered = async (calls: number): Promise<void> => {
    this.#count += calls;
    await this.#answered(this.#count);
  };
}

/** Parameters as they mean the same to Telegram: JSON is parsed, and a file stands where its name was. */
function comparable(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const used = new Set<string>();
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") {
      const name = value.startsWith("attach://") ? value.slice("attach://".length) : undefined;
      if (name !== undefined && name in parameters) {
        used.add(name);
        return walk(parameters[name]);
      }
      return /^[[{]/.test(value) ? walk(JSON.parse(value)) : value;
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    if ("bytes" in value && value.bytes instanceof Uint8Array) {
      return { ...value, bytes: Buffer.from(value.bytes).toString("latin1") };
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
  };
  const all = walk({ ...parameters }) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(all).filter(([key]) => !used.has(key)));
}
