/**
 * A bot under the command line, against a simulator in this process: `Bot` in a process of its own, `BotHere` in this one, which costs a
 * fifth of that. A test that is about the process, or kills it, takes `Bot`.
 */

import type { SimulatedUser, Simulator } from "../../simulator/index.ts";
import { Asgigram, type Exit, type RunOptions } from "../cli/asgigram.ts";
import { InProcess } from "../cli/in-process.ts";
import { eventually, LIMIT } from "../eventually.ts";

/** Starts `test/end-to-end/apps/<app>.ts`; resolves when it serves. */
export async function startBot(app: string, simulator: Simulator, args: readonly string[]): Promise<Bot> {
  const bot = new Bot(`apps/${app}.ts`, simulator, args);
  await bot.process.says("serving");
  return bot;
}

/** Like `startBot`, in this process. */
export async function startBotHere(app: string, simulator: Simulator, args: readonly string[]): Promise<BotHere> {
  const bot = new BotHere(`apps/${app}.ts`, simulator, args);
  await bot.process.says("serving");
  return bot;
}

abstract class AnyBot<Process extends Asgigram | InProcess> implements AsyncDisposable {
  readonly process: Process;

  constructor(process: Process) {
    this.process = process;
  }

  /** Ends it, unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }

  /** The log so far. */
  get log(): LogLine[] {
    const lines = this.process.stderr.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** Resolves as soon as the log holds a line that matches; rejects if the process ends before that. */
  async logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    return await this.process.finds(() => this.log.find(matches), `log line that matches ${matches}`);
  }
}

export class Bot extends AnyBot<Asgigram> {
  constructor(application: string, simulator: Simulator, args: readonly string[], options: RunOptions = {}) {
    super(new Asgigram([application, ...JSON_LOG, ...args], under(simulator, options)));
  }

  /** Ends it with a signal. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Exit> {
    const exit = this.process.exit();
    this.process.process.kill(signal);
    return await exit;
  }
}

export class BotHere extends AnyBot<InProcess> {
  /** @param options with variables of the environment, all are this process's until the bot has ended: its code reads those */
  constructor(application: string, simulator: Simulator, args: readonly string[], options: RunOptions = {}) {
    const { cwd, env } = under(simulator, options);
    const restore = options.env === undefined ? () => {} : setVariables(env);
    const own = options.env === undefined ? env : process.env;
    super(new InProcess([application, ...JSON_LOG, ...args], { cwd, env: own }));
    void this.process.exit().finally(restore);
  }

  /** Stops it as SIGTERM does. */
  async end(): Promise<Exit> {
    this.process.signal("SIGTERM");
    return await this.process.exit();
  }
}

/** @returns takes them back, and those that were set meanwhile */
function setVariables(variables: { readonly [name: string]: string }): () => void {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}

const JSON_LOG = ["--log-format", "json"];

function under({ token, url }: Simulator, { cwd = import.meta.dirname, env = {} }: RunOptions) {
  return { cwd, env: { ASGIGRAM_TOKEN: token, ASGIGRAM_API_URL: url, ASGIGRAM_TEST_SECRET: "hidden", ...env } };
}

export interface LogLine {
  level: string;
  msg: string;
  worker?: number;
  scope?: string;
  error?: string;
  [field: string]: unknown;
}

/** A message update from a private chat, as Telegram would send it. */
export function message(chat: number, text: string): { message: object } {
  const who = { id: chat, first_name: `User ${chat}` };
  return {
    message: {
      message_id: 1,
      date: 1_700_000_000,
      chat: { ...who, type: "private" },
      from: { ...who, is_bot: false },
      text,
    },
  };
}

/** Resolves when the bot has made at least `count` calls of the method, with their parameters. */
export async function callsOf(simulator: Simulator, method: string, count: number): Promise<Parameters[]> {
  const calls = () => simulator.calls.filter((call) => call.method === method);
  await until(
    simulator,
    () => simulator.calls.length >= count && calls().length >= count,
    `${count} calls of ${method}`,
  );
  return calls().map(({ parameters }) => parameters);
}

/**
 * Resolves as soon as the condition holds; looks whenever something happens in a chat, and at each call: Telegram may refuse it.
 * @param what names the condition, for the error
 */
export async function until(simulator: Simulator, condition: () => boolean, what = String(condition)): Promise<void> {
  const saw = () => `instead of ${what}: ${simulator.pending} updates not confirmed, and ${countCalls(simulator)}`;
  await eventually(condition, saw, (look) => {
    const stops = [simulator.observe(look), simulator.observeCalls(look)];
    return () => stops.forEach((stop) => void stop());
  });
}

function countCalls({ calls }: Simulator): string {
  const methods = Map.groupBy(calls, ({ method }) => method);
  const counts = [...methods].map(([method, { length }]) => `${length} calls of ${method}`);
  const last = calls.slice(-5).map(({ method, parameters }) => `${method} ${JSON.stringify(parameters)}`);
  return [`${counts.join(", ")}; the last of them:`, ...last].join("\n");
}

/** The bot's next message to the person. */
export async function nextMessage(person: SimulatedUser): ReturnType<SimulatedUser["nextMessage"]> {
  return await person.nextMessage({ timeout: LIMIT });
}

/** Text of the bot's next message to the person. */
export async function nextText(person: SimulatedUser): Promise<string | undefined> {
  return (await nextMessage(person)).text;
}

/** Resolves when an offset has confirmed every update. */
export async function confirmed(simulator: Simulator): Promise<void> {
  await simulator.confirmed({ timeout: LIMIT });
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters of any call
type Parameters = Record<string, any>;
