/**
 * `asgigram simulate`: a server on a simulator, which the server reaches as it would Telegram: over HTTP. At a terminal the simulator's page
 * is the bot's Telegram, and the server has a process of its own, which the page may kill. With --terminal, and without a terminal, the chat
 * is here, and the server is in this process.
 */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Simulator } from "../../../simulator/simulator.ts";
import { PromptLine } from "../../../simulator/terminal/prompt-line.ts";
import { runTerminalChat } from "../../../simulator/terminal.ts";
import { type Config, resolveConfig } from "../../config/config.ts";
import { simulateOwnToken } from "../../config/own-token.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { openBrowser } from "../open-browser.ts";
import type { ServingProcess } from "../serving-process.ts";
import { OwnServer } from "../simulated/own-server.ts";
import { ServerProcess } from "../simulated/server-process.ts";

export async function run(typed: Typed, context: Context, serving: ServingProcess): Promise<number> {
  const stopping = serving.signalled();
  const record = typed.values.get("record") ?? false;
  // Tests alone need the same dice each time.
  const simulator = await Simulator.start({ seed: Date.now(), record });
  try {
    const isAtTerminal = context.stdin.isTTY === true;
    if (isAtTerminal) context.console.log(`The chat with the bot is at ${simulator.url}/`);
    if (typed.switches.has("open")) open(simulator, context);
    if (isAtTerminal && !typed.switches.has("terminal")) return await servePage(simulator, typed, context, stopping);
    const { token, url: apiUrl } = simulator;
    const config = await resolveConfig(sourcesOf(typed, context, { token, apiUrl }));
    simulateOwnToken(context.env, context.cwd, token);
    await chat(simulator, config, context, serving, stopping);
  } finally {
    await simulator.close();
  }
  return 0;
}

function open({ url }: Simulator, { console }: Context): void {
  openBrowser(`${url}/`, (reason) => console.error(`asgigram: no browser can be opened: ${reason}`));
}

/** @returns the exit code: that of the server if it does not start */
async function servePage(simulator: Simulator, typed: Typed, context: Context, stopping: AbortSignal): Promise<number> {
  const { token, url: apiUrl } = simulator;
  // What the server has received outlives its process, but not this command.
  const folder = await mkdtemp(join(tmpdir(), "asgigram-"));
  try {
    const options = { token, apiUrl, inbox: join(folder, "inbox.sqlite") };
    const server = new ServerProcess({ typed, options, context });
    simulator.attach(server);
    const exitCode = await endOf(server, context, stopping);
    await server.stop();
    return exitCode;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tells of each end of the server. @returns 0 once the command is to stop, or the exit code of a server that did not start */
async function endOf(server: ServerProcess, { console }: Context, stopping: AbortSignal): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let hasServed = false;
  server.observe(({ phase, starts, exitCode = 0 }) => {
    hasServed ||= phase === "serving";
    if (stopping.aborted) return;
    if (phase === "starting") console.error("asgigram: the server was killed; it is started again");
    if (phase === "serving" && starts > 1) console.error("asgigram: the server serves again");
    if (phase !== "ended") return;
    if (!hasServed) return resolve(exitCode);
    console.error(`asgigram: the server has ended with exit code ${exitCode}; the page can start it again`);
  });
  if (!stopping.aborted) void once(stopping, "abort").then(() => resolve(0));
  else resolve(0);
  return await promise;
}

async function chat(
  simulator: Simulator,
  config: Config,
  { stdin, stdout, stderr }: Context,
  serving: ServingProcess,
  stopping: AbortSignal,
): Promise<void> {
  const promptLine = new PromptLine();
  const writeLog = (line: string) => promptLine.above(() => stderr.write(line));
  const server = await serving.start(config, stopping, writeLog, { patience: () => 0, anyToken: true });
  if (server === undefined) return;
  simulator.attach(new OwnServer(server));
  const idle = () => server.idle();
  const chat = runTerminalChat({ simulator, input: stdin, output: stdout, idle, signal: stopping, promptLine });
  await Promise.race([chat, server.closed]);
  await server.stop();
}
