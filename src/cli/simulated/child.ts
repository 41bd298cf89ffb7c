/** The process of ServerProcess: serves the bot, reports to the page while they are wanted, and carries out orders. */

import type { Report } from "../../../simulator/inspector/bot-server.ts";
import { resolveConfig } from "../../config/config.ts";
import { simulateOwnToken } from "../../config/own-token.ts";
import type { RunningServer } from "../../server.ts";
import { type Context, processContext, sourcesOf } from "../context.ts";
import { exit } from "../exit.ts";
import { reportSteps } from "../report-steps.ts";
import { ServingProcess } from "../serving-process.ts";
import type { FromServerProcess, ToServerProcess } from "./messages.ts";

// ps shows this.
process.title = "asgigram";

class Child {
  readonly #context: Context;
  readonly #serving: ServingProcess;
  readonly #told = new AbortController();
  #server: RunningServer | undefined;
  #isWatched = false;
  #stopReports: (() => void) | undefined;
  /** Reports of this turn of the event loop: they go as one message. */
  #reports: Report[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#serving = new ServingProcess(context);
  }

  /** @returns the exit code */
  async run({ typed, options, isWatched }: ToServerProcess & { type: "start" }): Promise<number> {
    const stopping = AbortSignal.any([this.#serving.signalled(), this.#told.signal]);
    this.#isWatched = isWatched;
    try {
      const { env, cwd } = this.#context;
      const config = await resolveConfig(sourcesOf(typed, this.#context, options));
      simulateOwnToken(env, cwd, options.token);
      const server = await this.#serving.start(config, stopping, undefined, { patience: () => 0, anyToken: true });
      if (server === undefined) return 0;
      this.#server = server;
      this.#watch();
      send({ type: "serving" });
      await server.closed;
      return 0;
    } catch (error) {
      return this.#serving.report(error);
    }
  }

  receive(message: Exclude<ToServerProcess, { type: "start" }>): void {
    switch (message.type) {
      case "watch":
        this.#isWatched = message.isWatched;
        return this.#watch();
      case "kill-worker":
        return void this.#carryOut(message.order, async (server) => server.killWorker(message.worker));
      case "reload":
        return void this.#carryOut(message.order, (server) => server.reload());
      case "stop":
        return this.stop();
    }
  }

  stop(): void {
    this.#told.abort("SIGTERM");
  }

  async #carryOut(order: number, act: (server: RunningServer) => Promise<void>): Promise<void> {
    try {
      await act(this.#server!);
      send({ type: "done", order });
    } catch (error) {
      send({ type: "done", order, error: (error as Error).message });
    }
  }

  #watch(): void {
    if (!this.#isWatched) {
      this.#stopReports?.();
      this.#stopReports = undefined;
    } else if (this.#server !== undefined)
      this.#stopReports ??= reportSteps((report) => this.#tell(report), this.#server.id);
  }

  #tell(report: Report): void {
    if (this.#reports.length === 0) setImmediate(() => send({ type: "reports", reports: this.#reports.splice(0) }));
    this.#reports.push(report);
  }
}

function send(message: FromServerProcess): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

const context = processContext();
const child = new Child(context);
process.on("message", (message: ToServerProcess) => {
  if (message.type === "start") void child.run(message).then((code) => exit(code, context));
  else child.receive(message);
});
// The simulator is gone, and with it the bot's Telegram.
process.on("disconnect", () => child.stop());
