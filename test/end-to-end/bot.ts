/** A bot under the real command line, in a process of its own, against a simulator in this one. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Simulator } from "../../simulator/index.ts";
import { Asgigram, type Exit, type RunOptions } from "../cli/asgigram.ts";

/** A temporary folder, gone with the block that made it. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "asgigram-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Starts `test/end-to-end/apps/<app>.ts`; resolves when it serves. */
export async function startBot(app: string, simulator: Simulator, args: readonly string[]): Promise<Bot> {
  const bot = new Bot(`apps/${app}.ts`, simulator, args);
  await bot.process.says("serving");
  return bot;
}

export class Bot implements AsyncDisposable {
  readonly process: Asgigram;

  constructor(
    application: string,
    simulator: Simulator,
    args: readonly string[],
    { cwd = import.meta.dirname, env = {} }: RunOptions = {},
  ) {
    this.process = new Asgigram([application, "--log-format", "json", ...args], {
      cwd,
      env: { ASGIGRAM_TOKEN: simulator.token, ASGIGRAM_API_URL: simulator.url, ASGIGRAM_TEST_SECRET: "hidden", ...env },
    });
  }

  /** Ends it with a signal. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Exit> {
    const exit = this.process.exit();
    this.process.process.kill(signal);
    return await exit;
  }

  /** Nothing is left running, however a test ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.process.exitCode === null && this.process.process.signalCode === null) await this.end("SIGKILL");
  }

  /** The log so far. */
  get log(): LogLine[] {
    const lines = this.process.stderr.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** Resolves as soon as the log holds a line that matches. */
  async logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.log.find(matches);
      if (found !== undefined) return found;
      await once(this.process.process.stderr, "data", { signal: AbortSignal.timeout(10_000) });
    }
  }
}

export interface LogLine {
  level: number;
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

/** Resolves when the simulator has been asked for at least `count` calls of the method, with their parameters. */
export async function callsOf(simulator: Simulator, method: string, count: number): Promise<Parameters[]> {
  const calls = () => simulator.calls.filter((call) => call.method === method);
  await until(simulator, () => simulator.calls.length >= count && calls().length >= count);
  return calls().map(({ parameters }) => parameters);
}

/** Resolves as soon as the condition holds; looks whenever something happens in a chat. */
export async function until(simulator: Simulator, condition: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`not within 20 s: ${condition}`)), 20_000);
  const look = () => condition() && resolve();
  const stop = simulator.observe(look);
  look();
  await promise.finally(() => {
    clearTimeout(late);
    stop();
  });
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a test's application has sent
type Parameters = Record<string, any>;
