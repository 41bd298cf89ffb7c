/**
 * Replaces the `handleUpdate()` of a library: an update that a test gives to its bot goes to the simulator, and comes back through the
 * server to the served bot, whose `handleUpdate()` hands it to the bot of the test. So that bot's code runs at an event.
 */

import { SimulatorClient } from "../../simulator/clients/simulator-client.ts";

type Update = Record<string, unknown> & { update_id?: number };
type HandleUpdate = (this: object, update: Update, ...rest: unknown[]) => Promise<unknown>;
type Handle = (update: Update) => Promise<unknown>;

export class Delivery {
  readonly #simulator: SimulatorClient;
  readonly #handlers = new Map<number, PromiseWithResolvers<Handle>>();
  /** Updates that went through the server. */
  delivered = 0;
  /** Input that the simulator does not send, because it is no update. */
  direct = 0;

  constructor(simulator: string) {
    this.#simulator = new SimulatorClient(simulator);
  }

  /** @param isServed true for the bot that the server serves */
  replace(prototype: { handleUpdate: HandleUpdate }, isServed: (bot: object) => boolean): void {
    const { handleUpdate } = prototype;
    const { arrive, through } = this;
    prototype.handleUpdate = async function (update, ...rest) {
      if (isServed(this)) return await arrive(update);
      return await through(update, (delivered) => handleUpdate.call(this, delivered, ...rest));
    };
  }

  /** Resolves when the server delivers. */
  async begin(): Promise<void> {
    await this.through({ poll: {} }, async () => {});
  }

  readonly arrive = async (update: Update): Promise<unknown> => {
    const handle = await this.#at(update.update_id!).promise;
    return await handle(update);
  };

  readonly through = async (update: Update, handle: Handle): Promise<unknown> => {
    if (Object.keys(update).every((key) => key === "update_id")) {
      this.direct += 1;
      return await handle(update);
    }
    const { update_id, ...content } = update;
    const outcome = Promise.withResolvers<unknown>();
    const id = await this.#simulator.push(content);
    if (id === null) throw new Error(`the bot does not get updates such as ${JSON.stringify(update)}`);
    this.delivered += 1;
    this.#at(id).resolve((delivered) => {
      const { update_id: _, ...rest } = delivered;
      // The test looks for its own id.
      const handled = handle(update_id === undefined ? rest : { update_id, ...rest });
      outcome.resolve(handled);
      return handled;
    });
    return await outcome.promise;
  };

  #at(id: number): PromiseWithResolvers<Handle> {
    const handler = this.#handlers.get(id) ?? Promise.withResolvers<Handle>();
    this.#handlers.set(id, handler);
    return handler;
  }
}
