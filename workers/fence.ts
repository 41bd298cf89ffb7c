/**
 * Says if events may be handed to applications now. Where several machines share the inbox, the main thread says until when the events
 * of this one are its own for certain: a process that was stopped for long begins nothing when it goes on, before it is known what has
 * moved meanwhile. A shard that is about to be revoked is shut at once.
 */

import { monotonic } from "../src/protocol/pulse.ts";
import { shardOfKey } from "../src/protocol/shard.ts";

export class Fence {
  /** A time of monotonic(). */
  #until = Number.POSITIVE_INFINITY;
  readonly #shut = new Set<number>();
  #hasHeld = false;

  /** True if no event of that scope may begin. */
  holds(key: string): boolean {
    const isLate = this.#until !== Number.POSITIVE_INFINITY && monotonic() >= this.#until;
    if (!isLate && (this.#shut.size === 0 || !this.#shut.has(shardOfKey(key)))) return false;
    this.#hasHeld = true;
    return true;
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

  /** The shard was revoked: it may come back. */
  revoked(shard: number): void {
    this.#shut.delete(shard);
  }
}
