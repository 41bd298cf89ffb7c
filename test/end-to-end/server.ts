import { join } from "node:path";
import type { Simulator } from "../../simulator/index.ts";
import { type Options, type RunningServer, serve } from "../../src/index.ts";

/** Starts a server in this process with `apps/<app>.ts`; it stops at the end of the block that declares it. */
export async function startServer(
  app: string,
  simulator: Simulator,
  options: Options = {},
): Promise<RunningServer & AsyncDisposable> {
  const server = await serve({
    token: simulator.token,
    apiUrl: simulator.url,
    application: join(import.meta.dirname, `apps/${app}.ts`),
    workers: 1,
    inbox: false,
    logLevel: "silent",
    ...options,
  });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}
