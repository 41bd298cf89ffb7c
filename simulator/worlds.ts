/** The worlds of the bots, by token. */

import { BotWorld, type BotWorldOptions } from "./bot-world.ts";
import type { Recorder } from "./recording/recording.ts";

export interface WorldsOptions extends BotWorldOptions {
  /** The token that always has a world. */
  token: string;
  /** Gives each other token a world of its own when it is seen. Without this, only `token` has one. */
  anyToken?: boolean;
  /** Records each world. */
  isRecorded?: boolean;
}

/** Worlds kept: memory stays bounded when every test makes up a token. */
const KEPT = 1000;

export class Worlds {
  readonly #options: WorldsOptions;
  /** The one that was used last is at the end. */
  readonly #byToken = new Map<string, BotWorld>();
  /** Of the worlds in the order of their beginnings, the one that is always there first; those that have ended included. */
  readonly recorders: Recorder[] = [];

  constructor(options: WorldsOptions) {
    this.#options = options;
    this.#open(options.token);
  }

  get all(): BotWorld[] {
    return [...this.#byToken.values()];
  }

  /** The world of the token that always has one. */
  get own(): BotWorld {
    return this.#byToken.get(this.#options.token)!;
  }

  /** The world of a bot, opened if need be; undefined if the token is wrong. */
  of(token: string): BotWorld | undefined {
    const known = this.#byToken.get(token);
    if (!this.#options.anyToken) return known;
    if (known === undefined) return this.#open(token);
    if (token !== this.#options.token) {
      this.#byToken.delete(token);
      this.#byToken.set(token, known);
    }
    return known;
  }

  /** Ends a world. The next use of its token finds a fresh one. @returns false if there was none */
  forget(token: string): boolean {
    const world = this.#byToken.get(token);
    world?.close();
    this.#byToken.delete(token);
    if (token === this.#options.token) this.#open(token);
    return world !== undefined;
  }

  close(): void {
    for (const world of this.all) world.close();
  }

  #open(token: string): BotWorld {
    const world = new BotWorld(token, this.#options);
    this.#byToken.set(token, world);
    if (this.#options.isRecorded) this.recorders.push(world.record());
    if (this.#byToken.size > KEPT) this.forget(this.all.find((one) => one.token !== this.#options.token)!.token);
    return world;
  }
}
