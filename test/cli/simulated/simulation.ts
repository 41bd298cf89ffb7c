/** `asgigram simulate` at a terminal, in the tests' process, and the users' side of its simulator. */

import { SimulatorClient } from "../../../simulator/index.ts";
import type { ServerState } from "../../../simulator/inspector/bot-server.ts";
import { ServerEvents } from "../../simulator/inspector/server-events.ts";
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
    const url = await command.finds(() => /http:\/\/\S+/.exec(command.stdout)?.[0], "an address");
    const { result } = (await (await fetch(`${url}/simulator/bots`)).json()) as { result: { token: string }[] };
    const client = new SimulatorClient(url, result[0]!.token);
    const simulation = new Simulation(command, url, client, await ServerEvents.open(`${url}/simulator/inspector`));
    await simulation.serves(1);
    return simulation;
  }

  get server(): ServerState | undefined {
    return this.events.of<ServerState>("server").at(-1);
  }

  /** Resolves when the server serves after so many starts. */
  async serves(starts: number): Promise<void> {
    await this.events.finds(() => this.server?.phase === "serving" && this.server.starts === starts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events[Symbol.asyncDispose]();
    await this.command[Symbol.asyncDispose]();
  }
}
