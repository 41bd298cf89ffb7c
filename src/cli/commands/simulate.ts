/** `asgigram simulate`: a server and a simulator in one process. The server reaches the simulator as it would Telegram: over HTTP. */

import { once } from "node:events";
import { Simulator } from "../../../simulator/simulator.ts";
import { PromptLine } from "../../../simulator/terminal/prompt-line.ts";
import { runTerminalChat } from "../../../simulator/terminal.ts";
import { type Config, resolveConfig } from "../../config/config.ts";
import { simulateOwnToken } from "../../config/own-token.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { openBrowser } from "../open-browser.ts";
import { reportSteps } from "../report-steps.ts";
import type { ServingProcess } from "../serving-process.ts";

export async function run(typed: Typed, context: Context, serving: ServingProcess): Promise<number> {
  const { values, switches } = typed;
  const stopping = serving.signalled();
  // Tests alone need the same dice each time.
  const simulator = await Simulator.start({ seed: Date.now(), record: values.get("record") ?? false });
  try {
    const { token, url: apiUrl } = simulator;
    const config = await resolveConfig(sourcesOf(typed, context, { token, apiUrl }));
    simulateOwnToken(context.env, context.cwd, token);
    const isScript = context.stdin.isTTY !== true;
    const chat = isScript || switches.has("terminal") ? chatInTerminal : chatInBrowser;
    if (!isScript) showAddress(simulator, context, switches.has("open"));
    await chat({ simulator, config, context, serving, stopping });
  } finally {
    await simulator.close();
  }
  return 0;
}

function showAddress({ url }: Simulator, { console }: Context, opens: boolean): void {
  console.log(`The chat with the bot is at ${url}/`);
  if (opens) openBrowser(`${url}/`, (reason) => console.error(`asgigram: no browser can be opened: ${reason}`));
}

interface Simulation {
  readonly simulator: Simulator;
  readonly config: Config;
  readonly context: Context;
  readonly serving: ServingProcess;
  readonly stopping: AbortSignal;
}

async function chatInBrowser({ simulator, config, context, serving, stopping }: Simulation): Promise<void> {
  const server = await serving.start(config, stopping, context.writeLog, { patience: () => 0 });
  if (server === undefined) return;
  const stopReporting = reportSteps(simulator, server.id);
  if (!stopping.aborted) await Promise.race([once(stopping, "abort"), server.closed]);
  await server.stop();
  stopReporting();
}

async function chatInTerminal({ simulator, config, context, serving, stopping }: Simulation): Promise<void> {
  const { stdin, stdout, stderr } = context;
  const promptLine = new PromptLine();
  const writeLog = (line: string) => promptLine.above(() => stderr.write(line));
  const server = await serving.start(config, stopping, writeLog, { patience: () => 0 });
  if (server === undefined) return;
  const idle = () => server.idle();
  const chat = runTerminalChat({ simulator, input: stdin, output: stdout, idle, signal: stopping, promptLine });
  await Promise.race([chat, server.closed]);
  await server.stop();
}
