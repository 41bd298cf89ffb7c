/**
 * The process: argv, signals, the terminal and exit codes, all of which no other file touches. Reads what is wanted, does it,
 * and tells what went wrong in a line or two.
 */

import { createRequire } from "node:module";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { styleText } from "node:util";
import { type Config, resolveConfig, type Sources, type Values } from "../config/config.ts";
import { findInbox } from "../config/inbox-path.ts";
import { findListenAddress, urlOf } from "../config/listen-address.ts";
import { withoutSecrets } from "../config/quote.ts";
import { settle } from "../config/settings.ts";
import { AsgigramError } from "../protocol/errors.ts";
import { explain } from "../protocol/explain.ts";
import { type Hide, secretHider } from "../protocol/secrets.ts";
import type { RunningServer } from "../server.ts";
import { type Invocation, parseCommandLine, type Typed } from "./command-line.ts";
import { keepCompiledCode } from "./compiled-code.ts";
import { exitCodeFor } from "./exit-codes.ts";
import { readInboxTask } from "./inbox/inbox-task.ts";
import { signalsTo } from "./signals.ts";

export async function main(): Promise<void> {
  // ps shows this instead of the arguments, one of which may be the token.
  process.title = "asgigram";
  const serving = new ServingProcess();
  try {
    await run(await parseCommandLine(process.argv.slice(2)), serving);
  } catch (error) {
    serving.fail(error);
  }
}

async function run(invocation: Invocation, serving: ServingProcess): Promise<void> {
  switch (invocation.wants) {
    case "text":
      return console.log(invocation.text);
    case "version":
      return console.log(await versions());
    case "serve":
      return serveBot(invocation, serving);
    case "simulate":
      return simulate(invocation, serving);
    case "config":
      return tellConfig(invocation);
    case "check":
      return tellCheck(invocation);
    case "inbox":
      return lookAfterInbox(invocation);
    case "health":
      return tellHealth(invocation);
    case "completion":
      return (await import("./completion.ts")).showCompletionScript();
  }
}

/** Where the options of a command come from. */
function sourcesOf({ flags, presets, defaults }: Typed, options: Values = {}): Sources {
  return { flags, options: { ...presets, ...options }, env: process.env, cwd: process.cwd(), defaults };
}

async function serveBot(typed: Typed, serving: ServingProcess): Promise<void> {
  const stopping = serving.signalled();
  const server = await serving.start(await resolveConfig(sourcesOf(typed)), stopping);
  await server.closed;
  process.exit(0);
}

/** The server against a simulator in this process, which it reaches as it would Telegram: over HTTP. */
async function simulate(typed: Typed, serving: ServingProcess): Promise<void> {
  const { Simulator } = await import("../../simulator/simulator.ts");
  const { runTerminalChat } = await import("../../simulator/terminal.ts");
  const { PromptLine } = await import("../../simulator/terminal/prompt-line.ts");
  const leaving = serving.signalled();
  const simulator = await Simulator.start();
  const { token, url: apiUrl } = simulator;
  const config = await resolveConfig(sourcesOf(typed, { token, apiUrl }));
  const promptLine = new PromptLine();
  const server = await serving.start(config, leaving, (line) => promptLine.above(() => process.stderr.write(line)));
  const chat = runTerminalChat({
    simulator,
    input: process.stdin,
    output: process.stdout,
    idle: () => server.idle(),
    signal: leaving,
    promptLine,
  });
  await Promise.race([chat, server.closed]);
  await server.stop();
  await simulator.close();
  process.exit(0);
}

async function tellConfig(typed: Typed): Promise<void> {
  const { showConfig } = await import("./show-config.ts");
  console.log(showConfig(await settle(sourcesOf(typed)), typed.switches.has("json")));
}

async function lookAfterInbox(typed: Typed): Promise<void> {
  const task = readInboxTask(typed.words, typed.switches);
  const path = await findInbox(sourcesOf(typed));
  const { runInboxTask } = await import("./inbox/run-inbox-task.ts");
  const text = runInboxTask(task, path, process.stdout.columns || 80);
  if (text !== "") console.log(text);
}

async function tellCheck(typed: Typed): Promise<void> {
  const { check } = await import("./check/check.ts");
  const { jsonOf, reportOf } = await import("./check/report.ts");
  const findings = await check(sourcesOf(typed), (line) => console.error(line));
  const report = reportOf(findings, (style, text) => styleText(style, text, { stream: process.stdout }));
  console.log(typed.switches.has("json") ? jsonOf(findings) : report);
  const first = findings.find(({ is }) => is === "problem");
  process.exit(first === undefined ? 0 : exitCodeFor(first.error));
}

async function tellHealth(typed: Typed): Promise<void> {
  const url = urlOf(await findListenAddress(sourcesOf(typed)));
  const { askHealth } = await import("./ask-health.ts");
  const { isGood, line } = await askHealth(url, { ready: typed.switches.has("ready") });
  console.log(line);
  process.exit(isGood ? 0 : 1);
}

/** The process as it serves a bot: what its signals mean by now, and what its last words must not show. */
class ServingProcess {
  /** As soon as there is one. */
  readonly #server = Promise.withResolvers<RunningServer>();
  /** Secrets that can be told by their form, and, as soon as they are known, the configuration's. */
  #hide: Hide = withoutSecrets;
  #turnLogLevel = () => {};

  constructor() {
    process.on("uncaughtException", (error) => this.fail(error));
    // Without a listener it would end the process, however early it comes.
    for (const signal of signalsTo("turn-log-level")) process.on(signal, () => this.#turnLogLevel());
  }

  /** Is aborted by the first signal that says so; the second one is not to be argued with. Heeds the others by itself. */
  signalled(): AbortSignal {
    const stopping = new AbortController();
    const stop = (signal: NodeJS.Signals): void => {
      if (stopping.signal.aborted) process.exit(128 + constants.signals[signal]);
      stopping.abort();
    };
    for (const signal of signalsTo("stop")) process.on(signal, () => stop(signal));
    const hasTerminal = isatty(0);
    for (const signal of signalsTo("reload")) {
      process.on(signal, () => {
        // A terminal that is closed sends it, too.
        if (hasTerminal && !isatty(0)) stop(signal);
        // Where a reload fails, the log has it.
        else void this.#server.promise.then((server) => server.reload()).catch(() => {});
      });
    }
    return stopping.signal;
  }

  /**
   * Starts the server. If it is told to stop before it serves, that is an end as it should be, too.
   * @param write takes the lines of the log, instead of standard error
   */
  async start(config: Config, stopping: AbortSignal, write?: (line: string) => void): Promise<RunningServer> {
    const hideKnown = secretHider(config);
    this.#hide = (text) => withoutSecrets(hideKnown(text));
    // Not sooner: a configuration that is a module may have secrets in it, and would be kept as well.
    keepCompiledCode(process.env);
    const { loggerFor, serve } = await import("../server.ts");
    const { turnLevel } = await import("../observe/logger.ts");
    const log = loggerFor(config, write);
    this.#turnLogLevel = () => turnLevel(log, config.logLevel);
    try {
      const server = await serve(config, stopping, log);
      this.#server.resolve(server);
      return server;
    } catch (error) {
      if (stopping.aborted && error === stopping.reason) process.exit(0);
      throw error;
    }
  }

  /** What the user can mend is told in plain words; anything else is a defect and comes with its stack. */
  fail(error: unknown): never {
    console.error(`asgigram: ${this.#hide(error instanceof AsgigramError ? explain(error) : stackOf(error))}`);
    process.exit(exitCodeFor(error));
  }
}

async function versions(): Promise<string> {
  const { BOT_API_VERSION } = await import("../protocol/method-table.ts");
  const { version } = createRequire(import.meta.url)("asgigram/package.json") as { version: string };
  return `asgigram ${version}\nNode.js ${process.versions.node}\nBot API ${BOT_API_VERSION}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
