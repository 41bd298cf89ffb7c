/** `asgigram simulate` at a terminal, in the tests' process, and the users' side of its simulator. */

import { SimulatorClient } from "../../../simulator/index.ts";
import type { ServerState } from "../../../simulator/inspector/bot-server.ts";
import type { Snapshot } from "../../../simulator/inspector/snapshot.ts";
import { ServerEvents } from "../../simulator/http/server-events.ts";
import { InProcess } from "../in-process.ts";

export class Simulation implements AsyncDisposable {
  readonly command: InProcess;
  readonly url: string;
  readonly client: SimulatorClient;
  readonly events: ServerEvents;

  private constructor(command: InProcess, url: string, client: SimulatorClient, events: ServerEvents) {
    this.command = command;
    this.url = url;
    this.client = client;
    this.events = events;
  }

  /** Resolves when the server serves. */
  static async start(args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv }): Promise<Simulation> {
    const command = new InProcess(["simulate", ...args], { isTerminal: true, ...options });
    const url = await command.finds(() => /http:\/\/[^/\s]+/.exec(command.stdout)?.[0], "an address");
    const { result } = (await (await fetch(`${url}/simulator/bots`)).json()) as { result: { token: string }[] };
    const client = new SimulatorClient(url, result[0]!.token);
    const simulation = new Simulation(command, url, client, await ServerEvents.open(`${url}/simulator/live`));
    await simulation.turns("serving", 1);
    return simulation;
  }

  /** The state of the server, as a page that opens sees it. */
  async server(): Promise<ServerState | undefined> {
    const { result } = (await (await fetch(`${this.url}/simulator/snapshot`)).json()) as { result: Snapshot };
    return result.server;
  }

  /** Resolves when the server is in that phase after so many starts. */
  async turns(phase: ServerState["phase"], starts: number): Promise<ServerState> {
    return await this.events.finds(async () => {
      const state = await this.server();
      return state?.phase === phase && state.starts === starts && state;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events[Symbol.asyncDispose]();
    await this.command[Symbol.asyncDispose]();
  }
}
