/**
 * The leases of this server, as it knows them.
 *
 *   none -- claimed() --> held -- leaving --> leaving -- gone() --> none
 *           held, leaving -- lost(): others have it --> losing -- gone() --> none
 *
 * A picture of the leases that was asked for before the last change says nothing about that lease.
 */

import type { Picture } from "./plan.ts";
import { POLLER } from "./schema.ts";
import type { Holding } from "./turn-rows.ts";

type HoldingState = "held" | "leaving" | "losing";

interface Own {
  readonly holding: Holding;
  state: HoldingState;
}

export class Holdings {
  readonly #own = new Map<number, Own>();
  /** Times of the last changes, by shard. */
  readonly #changedAt = new Map<number, number>();

  /** Shards whose events are handed over, and the poller's lease. */
  get held(): number[] {
    return [...this.#own].flatMap(([shard, { state }]) => (state === "held" ? [shard] : []));
  }

  /** Number of shards that are held, or not let go yet. */
  get shards(): number {
    return [...this.#own.keys()].filter((shard) => shard !== POLLER).length;
  }

  has(shard: number): boolean {
    return this.#own.get(shard)?.state === "held";
  }

  /** True while events are handed over under this holding: not after the receiver was asked to let the shard go. */
  isHeld(holding: Holding): boolean {
    const own = this.#own.get(holding.shard);
    return own?.holding === holding && own.state === "held";
  }

  /** True if nobody else can have begun an event that was handed over under this holding. */
  isOurs(holding: Holding): boolean {
    const own = this.#own.get(holding.shard);
    return own?.holding === holding && own.state !== "losing";
  }

  claimed(holding: Holding, now: number): void {
    this.#own.set(holding.shard, { holding, state: "held" });
    this.#changedAt.set(holding.shard, now);
  }

  /** @returns those that were held */
  leaving(shards: readonly number[]): number[] {
    const leaving = shards.filter((shard) => this.has(shard));
    for (const shard of leaving) this.#own.get(shard)!.state = "leaving";
    return leaving;
  }

  /**
   * Finds the leases that others have, by a picture; all without one.
   * @param sent the time at which it was asked for
   * @returns the shards of those that were held; who lets a shard go does so in any case
   */
  lose(picture: Picture | undefined, id: string, sent: number): number[] {
    const lost: number[] = [];
    const ours = new Map(
      picture?.leases.flatMap(({ shard, owner, epoch }) => (owner === id ? [[shard, epoch] as const] : [])),
    );
    for (const [shard, own] of this.#own) {
      if (own.state === "losing" || this.#isNewer(shard, picture === undefined ? Infinity : sent)) continue;
      if (ours.get(shard) === own.holding.epoch) continue;
      if (own.state === "held") lost.push(shard);
      own.state = "losing";
    }
    return lost;
  }

  /** The shard is not this server's, and no application works on its events. */
  gone(shard: number, now: number): void {
    this.#own.delete(shard);
    this.#changedAt.set(shard, now);
  }

  /** Shards of a list that can be claimed: nothing of them is here, and they were free when the picture was asked for. */
  claimable(shards: readonly number[], sent: number): number[] {
    return shards.filter((shard) => !this.#own.has(shard) && !this.#isNewer(shard, sent));
  }

  #isNewer(shard: number, sent: number): boolean {
    return (this.#changedAt.get(shard) ?? Number.NEGATIVE_INFINITY) >= sent;
  }
}
