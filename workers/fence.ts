/**
 * Says if events may be handed to applications now. Where several machines share the inbox, the main thread says until when the events
 * of this one are its own for certain: a process that was stopped for long begins nothing when it goes on, before it is known what has
 * moved meanwhile. A shard that is about to be revoked is shut at once.
 */

import { monotonic } from "../src/protocol/pulse.ts";
import { shardOfKey } from "../src/protocol/shard.ts";
import type { Delivered } from "./instance.ts";

export class Fence {
  /** A time of monotonic(). */
  #until = Number.POSITIVE_INFINITY;
  readonly #shut = new Set<number>();
  #hasHeld = false;
  /** Events that it held up when they came. */
  #waiting: Delivered[] = [];

  /** True if no event of that scope may begin. */
  holds(key: string): boolean {
    const isLate = this.#until !== Number.POSITIVE_INFINITY && monotonic() >= this.#until;
    if (!isLate && (this.#shut.size === 0 || !this.#shut.has(shardOfKey(key)))) return false;
    this.#hasHeld = true;
    return true;
  }

  /** Lets an event wait if it may not begin. @returns false if it may */
  hold(delivered: Delivered): boolean {
    const isHeld = this.holds(delivered.route.key);
    if (isHeld) this.#waiting.push(delivered);
    return isHeld;
  }

  /** Takes the events that wait, in the order of their numbers. */
  takeAll(): Delivered[] {
    return this.#waiting.splice(0).sort((one, other) => one.seq - other.seq);
  }

  /** @returns true if events may wait for this */
  extend(until: number): boolean {
    this.#until = until;
    const hasHeld = this.#hasHeld;
    this.#hasHeld = false;
    return hasHeld;
  }

  shut(shard: number): void {
    this.#shut.add(shard);
  }

  /** The shard was revoked: it may come back. @returns its events that waited */
  revoked(shard: number): Delivered[] {
    this.#shut.delete(shard);
    const isOf = ({ route }: Delivered) => shardOfKey(route.key) === shard;
    const taken = this.#waiting.filter(isOf);
    this.#waiting = this.#waiting.filter((delivered) => !isOf(delivered));
    return taken;
  }
}
