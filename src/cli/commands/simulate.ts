/** `asgigram simulate`: a server and a simulator in one process. The server reaches the simulator as it would Telegram: over HTTP. */

import { Simulator } from "../../../simulator/simulator.ts";
import { PromptLine } from "../../../simulator/terminal/prompt-line.ts";
import { runTerminalChat } from "../../../simulator/terminal.ts";
import { type Config, resolveConfig } from "../../config/config.ts";
import { simulateOwnToken } from "../../config/own-token.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import type { ServingProcess } from "../serving-process.ts";

export async function run(typed: Typed, context: Context, serving: ServingProcess): Promise<number> {
  const stopping = serving.signalled();
  // Tests alone need the same dice each time.
  const simulator = await Simulator.start({ seed: Date.now() });
  try {
    const { token, url: apiUrl } = simulator;
    const config = await resolveConfig(sourcesOf(typed, context, { token, apiUrl }));
    simulateOwnToken(context.env, context.cwd, token);
    await chat(simulator, config, context, serving, stopping);
  } finally {
    await simulator.close();
  }
  return 0;
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
  const server = await serving.start(config, stopping, writeLog, { patience: () => 0 });
  if (server === undefined) return;
  const idle = () => server.idle();
  const chat = runTerminalChat({ simulator, input: stdin, output: stdout, idle, signal: stopping, promptLine });
  await Promise.race([chat, server.closed]);
  await server.stop();
}
