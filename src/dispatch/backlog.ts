/** The account of unsettled events: their number, the memory that they take, and who waits until they are fewer. */

import { HighWater } from "./high-water.ts";
import type { Arrival } from "./line.ts";

/** Events in memory, and characters in them, at the high-water mark. */
const MOST_EVENTS = 10_000;
const MOST_CHARACTERS = 64 * 1024 * 1024;
/** The memory is filling from that part of the high-water mark on. Before, reading bodies again would cost more than it is worth. */
const FILLING = 1 / 10;

export class Backlog {
  readonly #highWater: HighWater;
  #size = 0;
  /** Events whose bodies are in memory, and characters in them. */
  #inMemory = 0;
  #characters = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** @param limit events at the high-water mark, wherever their bodies are */
  constructor(limit: number) {
    this.#highWater = new HighWater(() => Math.max(this.#size / limit, this.#memory));
  }

  get size(): number {
    return this.#size;
  }

  /** True if bodies that wait for long are better left to the inbox. */
  get isFilling(): boolean {
    return this.#memory >= FILLING;
  }

  /** Time from which `room()` waits: milliseconds since 1970; undefined while it does not. */
  get fullSince(): number | undefined {
    return this.#highWater.since;
  }

  add(arrival: Arrival): void {
    this.#count(arrival, 1);
  }

  remove(arrival: Arrival): void {
    this.#count(arrival, -1);
  }

  /** Takes the event's body into memory; undefined leaves it to the inbox. */
  setBody(arrival: Arrival, body: string | undefined): void {
    this.remove(arrival);
    arrival.body = body;
    this.add(arrival);
  }

  /** Lets those go on who wait. Called when all is done that follows from a removal. */
  signal(): void {
    this.#highWater.fallen();
    if (this.#size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Resolves when there is room for another batch, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#highWater.room(signal);
  }

  /** Resolves when everything is settled. */
  idle(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  #count({ body }: Arrival, change: 1 | -1): void {
    this.#size += change;
    if (body === undefined) return;
    this.#inMemory += change;
    this.#characters += change * body.length;
  }

  /** Use of memory; 1 is the high-water mark. */
  get #memory(): number {
    return Math.max(this.#inMemory / MOST_EVENTS, this.#characters / MOST_CHARACTERS);
  }
}
