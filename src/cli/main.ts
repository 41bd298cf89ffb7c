/** The command line: parses it, runs the command, and reports a failure in a line or two. */

import { type Invocation, parseCommandLine, type Typed } from "./command-line.ts";
import type { CommandName } from "./command-table.ts";
import type { Context } from "./context.ts";
import { ServingProcess } from "./serving-process.ts";

/** A file of `commands/`. */
interface CommandModule {
  /** @returns the exit code */
  run(typed: Typed, context: Context, serving: ServingProcess): Promise<number>;
}

/** Loaded one by one: `asgigram health` runs every few seconds and must not load the server. */
const MODULES: { readonly [Name in CommandName]: () => Promise<CommandModule> } = {
  serve: () => import("./commands/serve.ts"),
  simulate: () => import("./commands/simulate.ts"),
  simulator: () => import("./commands/simulator.ts"),
  check: () => import("./commands/check.ts"),
  config: () => import("./commands/config.ts"),
  inbox: () => import("./commands/inbox.ts"),
  nodes: () => import("./commands/nodes.ts"),
  health: () => import("./commands/health.ts"),
  completion: () => import("./commands/completion.ts"),
};

/** @returns the exit code */
export async function main(context: Context): Promise<number> {
  const serving = new ServingProcess(context);
  try {
    return await runInvocation(await parseCommandLine(context.argv), context, serving);
  } catch (error) {
    return serving.report(error);
  }
}

async function runInvocation(invocation: Invocation, context: Context, serving: ServingProcess): Promise<number> {
  switch (invocation.wants) {
    case "text":
      context.console.log(invocation.text);
      return 0;
    case "version":
      context.console.log(await versions());
      return 0;
  }
  const command = await MODULES[invocation.wants]();
  return command.run(invocation, context, serving);
}

async function versions(): Promise<string> {
  const { BOT_API_VERSION } = await import("../protocol/method-table.ts");
  const { ownVersion } = await import("../protocol/version.ts");
  return `asgigram ${ownVersion()}\nNode.js ${process.versions.node}\nBot API ${BOT_API_VERSION}`;
}
