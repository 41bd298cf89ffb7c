/** The server of `asgigram simulate` that runs in the simulator's process: its workers can be killed, but not the process. */

import type { BotServer, Report, ServerState } from "../../../simulator/inspector/bot-server.ts";
import type { RunningServer } from "../../server.ts";
import { reportSteps } from "../report-steps.ts";

export class OwnServer implements BotServer {
  readonly state: ServerState = { phase: "serving", pid: process.pid, starts: 1, isApart: false };
  readonly #server: RunningServer;

  constructor(server: RunningServer) {
    this.#server = server;
  }

  /** The simulator ends with the server: its state does not change. */
  observe(): () => void {
    return () => {};
  }

  watch(listener: (report: Report) => void): () => void {
    return reportSteps(listener, this.#server.id);
  }

  async killWorker(worker: number): Promise<void> {
    this.#server.killWorker(worker);
  }

  async killServer(): Promise<void> {
    throw new Error(
      "the server is in the simulator's own process; start asgigram simulate without --terminal to kill it",
    );
  }

  async reload(): Promise<void> {
    await this.#server.reload();
  }
}
