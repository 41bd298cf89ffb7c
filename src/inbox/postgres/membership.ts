/**
 * The server's membership among those that share an inbox. It renews its row once a second, takes and lets go leases as plan.ts says.
 *
 *   join() --> member -- renewed --> member
 *              member -- not renewed for DOUBT --> in doubt: nothing begins -- renewed --> member
 *              member, in doubt -- its row was removed by others --> everything is lost; it joins anew, under another id
 *   leave() --> everything is let go
 *
 * The fence: others take a lease only when its owner's row is gone, and a row lives for TTL from the moment at which a renewal was
 * sent. Time is measured by the monotonic clock alone, which stands still while a virtual machine is paused (docs/machines.md). What was
 * committed while the lease was ours may go on if, afterwards, the last answered renewal was sent less than DOUBT ago.
 *
 * The file is longer than others because leases, election and fence follow from one renewal.
 */

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { monotonic } from "../../protocol/pulse.ts";
import type { Election } from "../../protocol/update-source.ts";
import { type BudgetShare, NO_BID } from "./budget-share.ts";
import { bury, claim, countLiving, join, leave, release, renew, TTL } from "./claim.ts";
import type { Connection } from "./connection.ts";
import { Holdings } from "./holdings.ts";
import { type Node, type Picture, planFor } from "./plan.ts";
import { POLLER } from "./schema.ts";
import type { Holding } from "./turn-rows.ts";

/** Pause between two renewals: ms. */
const RENEWAL = 1000;
/** Age of the last renewal at which nothing begins: ms. */
const DOUBT = 3000;
/** A gap between renewals that is an outage: ms. */
const GAP = 2000;

/** Pause between two looks at what is left: ms. */
const LOOK = 20;

/** Time for which it does not poll after it gave that up: ms. */
const YIELD = 15_000;

/** Time for an answer: ms. A take-over of many events takes its time. */
const PATIENCE = { renewal: 2000, claim: 30_000, leave: 1500 };

/** `released`: to another server's share. `lost`: others took it, since this server's row was not renewed. */
export type MoveCause = "released" | "lost";

export interface MembershipOptions {
  /** For renewals: nothing else may hold them up. */
  readonly renewing: Connection;
  /** For shards, whose events are read on it next. */
  readonly claiming: Connection;
  /** For the poller's lease: an append may hold it, and neither events nor shards wait for that. */
  readonly electing: Connection;
  readonly schema: string;
  /** As people see it. */
  readonly name: string;
  readonly version: string;
  /** Its setting of --line. */
  readonly line: string;
  /** Number of unsettled events here. */
  unsettled(): number;
  /** This server's part of the calls that all may make; undefined if they are not limited. */
  budgetShare(): BudgetShare | undefined;
  /** The shards are ours. Their events are handed over. @returns the number of events */
  taken(holdings: readonly Holding[]): Promise<number>;
  /** The shards are to be let go, or were lost. Resolves for each when no application works on its events. */
  revoked(shards: readonly number[], onEach: (shard: number) => void, why: MoveCause): Promise<void>;
  /** The leases are ours until then, a time of monotonic(). */
  certain(until: number): void;
  onError(error: Error): void;
}

export class Membership implements Election {
  readonly #options: MembershipOptions;
  readonly #holdings = new Holdings();
  readonly #closing = new AbortController();
  #id = newId();
  #nodes: readonly Node[] = [];
  /** The time at which the last answered renewal was sent. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** Since then no renewal was late. */
  #steadySince = Number.POSITIVE_INFINITY;
  #renewed = Promise.withResolvers<void>();
  #doubt: NodeJS.Timeout | undefined;
  /** It polls, and is certain that nobody else does. */
  #isElected = false;
  /** Until then it does not take the poller's lease. */
  #yieldsUntil = Number.NEGATIVE_INFINITY;
  readonly #listeners = new Set<() => void>();
  #isClaiming = false;
  #isElecting = false;
  #isRetiring = false;
  #running: Promise<void> = Promise.resolve();
  #wake = new AbortController();
  /** Shards that moved so far, by cause. */
  readonly moves = { taken: 0, released: 0, lost: 0 };

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#id;
  }

  /** The servers that share the inbox, as this one saw them last. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  get shards(): number {
    return this.#holdings.held.filter((shard) => shard !== POLLER).length;
  }

  get isElected(): boolean {
    return this.#isElected;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async isAlone(): Promise<boolean> {
    const { renewing, schema } = this.#options;
    return await renewing.run(async (session) => (await countLiving(session, schema, this.#id)) === 0);
  }

  giveUp(): void {
    if (!this.#hasOthers) return;
    this.#yieldsUntil = performance.now() + YIELD;
    if (this.#holdings.leaving([POLLER]).length === 0) return;
    this.#elect();
    const { renewing, schema } = this.#options;
    renewing
      .run((session) => release(session, schema, this.#id, [POLLER]), PATIENCE.renewal)
      .then(() => this.#holdings.gone(POLLER, performance.now()))
      .catch((error) => this.#fail(error as Error));
  }

  /** Age of the last renewal: ms. */
  get age(): number {
    return performance.now() - this.#renewedAt;
  }

  get isCertain(): boolean {
    return this.age < DOUBT;
  }

  isOurs(holding: Holding): boolean {
    return this.#holdings.isOurs(holding);
  }

  isHeld(holding: Holding): boolean {
    return this.#holdings.isHeld(holding);
  }

  /** Resolves when it is known which leases are ours: at once, or after the next renewal. */
  async certain(): Promise<void> {
    while (!this.isCertain && !this.#closing.signal.aborted) await this.#renewed.promise;
  }

  /** Joins, and takes what is free. @returns the number of events that were handed over */
  async join(): Promise<number> {
    await this.#join();
    const picture = await this.#renew();
    const count = picture === undefined ? 0 : await this.#takePart(picture);
    this.#running = this.#run();
    return count;
  }

  /** Leases may have changed: looks now. */
  wake(): void {
    this.#wake.abort();
  }

  /** Lets go of all shards, each as its applications are done, if other servers live: they take them at once. */
  async retire(): Promise<void> {
    this.#isRetiring = true;
    // The next renewal tells the others to take more than their shares.
    this.wake();
    const isLeft = () => this.#isClaiming || this.#holdings.shards > 0;
    while (isLeft() && this.#hasOthers && !this.#closing.signal.aborted) {
      this.#release(this.#holdings.held.filter((shard) => shard !== POLLER));
      await delay(LOOK, undefined, { ref: false });
    }
  }

  /** Lets everything go. No application works on events any more. */
  async leave(): Promise<void> {
    this.#closing.abort();
    this.#wake.abort();
    clearTimeout(this.#doubt);
    this.#renewed.resolve();
    const { renewing, schema } = this.#options;
    const left = this.#running.then(() => renewing.run((session) => leave(session, schema, this.#id))).catch(() => {});
    // Without a database, the others wait until the lease is over.
    await Promise.race([left, delay(PATIENCE.leave)]);
  }

  /** Others lived at the last renewal. */
  get #hasOthers(): boolean {
    return this.#nodes.some(({ id, isAlive }) => isAlive && id !== this.#id);
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#pause();
      if (this.#closing.signal.aborted) return;
      try {
        const picture = await this.#renew();
        if (picture === undefined) await this.#join();
        else void this.#takePart(picture).catch((error) => this.#fail(error as Error));
      } catch (error) {
        this.#fail(error as Error);
      }
    }
  }

  async #pause(): Promise<void> {
    const rest = this.#renewedAt + RENEWAL - performance.now();
    this.#wake = new AbortController();
    if (this.#closing.signal.aborted || rest <= 0) return;
    await delay(rest, undefined, { signal: this.#wake.signal }).catch(() => {});
  }

  #fail(error: Error): void {
    if (!this.#closing.signal.aborted) this.#options.onError(error);
  }

  async #join(): Promise<void> {
    const { renewing, schema, name, version, line } = this.#options;
    const id = newId();
    this.#id = id;
    await renewing.run((session) => join(session, schema, { id, name, version, line }), PATIENCE.renewal);
    this.#steadySince = performance.now();
  }

  /** @returns undefined if the server's row was removed: everything is lost */
  async #renew(): Promise<Picture | undefined> {
    const { renewing, schema, unsettled } = this.#options;
    const share = this.#options.budgetShare();
    let [sent, bid] = [0, NO_BID];
    const picture = await renewing.run((session) => {
      sent = performance.now();
      bid = share?.bid() ?? NO_BID;
      return renew(session, schema, this.#id, { unsettled: unsettled(), isLeaving: this.#isRetiring, ...bid });
    }, PATIENCE.renewal);
    const isLate = sent - this.#renewedAt > GAP;
    if (isLate) this.#steadySince = sent;
    if (picture !== undefined) {
      this.#renewedAt = sent;
      this.#nodes = picture.nodes;
      share?.answered(bid, picture.nodes, this.#id);
    }
    this.#lose(picture, sent);
    if (picture !== undefined) this.#becomeCertain();
    return picture;
  }

  #becomeCertain(): void {
    this.#options.certain(monotonic() + DOUBT - this.age);
    this.#renewed.resolve();
    this.#renewed = Promise.withResolvers();
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => this.#becomeDoubtful(), DOUBT - this.age + 1).unref();
    this.#elect();
  }

  #becomeDoubtful(): void {
    this.#options.budgetShare()?.doubt();
    this.#elect();
  }

  /** Polls while the lease is ours for certain. */
  #elect(): void {
    const isElected = this.#holdings.has(POLLER) && this.isCertain && !this.#closing.signal.aborted;
    if (isElected === this.#isElected) return;
    this.#isElected = isElected;
    for (const listener of this.#listeners) listener();
  }

  #lose(picture: Picture | undefined, sent: number): void {
    const lost = this.#holdings.lose(picture, this.#id, sent);
    if (lost.length === 0) return;
    const shards = lost.filter((shard) => shard !== POLLER);
    this.moves.lost += shards.length;
    if (shards.length < lost.length) this.#holdings.gone(POLLER, performance.now());
    this.#elect();
    const gone = (shard: number) => this.#holdings.gone(shard, performance.now());
    if (shards.length === 0) return;
    void this.#options.revoked(shards, gone, "lost").catch((error) => this.#fail(error as Error));
  }

  /** Takes and lets go what the plan says. One such turn at a time; the next picture tells what is left to do. */
  async #takePart(picture: Picture): Promise<number> {
    if (this.#isClaiming) return 0;
    this.#isClaiming = true;
    try {
      const sent = this.#renewedAt;
      const isSteady = performance.now() - this.#steadySince >= TTL;
      const plan = planFor(this.#id, picture, isSteady);
      this.#release(plan.release);
      const forgotten = picture.leases.filter(({ owner }) => owner === this.#id).map(({ shard }) => shard);
      if (this.#isRetiring) return 0;
      const claimed = this.#holdings.claimable([...new Set([...plan.claim, ...forgotten])], sent);
      if (claimed.length === 0 && plan.dead.length === 0) return 0;
      await this.#bury(plan.dead);
      if (claimed.includes(POLLER)) void this.#candidate().catch((error) => this.#fail(error as Error));
      return await this.#takeShards(claimed.filter((shard) => shard !== POLLER));
    } finally {
      this.#isClaiming = false;
    }
  }

  async #bury(dead: readonly string[]): Promise<void> {
    const { claiming, schema } = this.#options;
    if (dead.length > 0) await claiming.run((session) => bury(session, schema, dead));
  }

  async #takeShards(shards: readonly number[]): Promise<number> {
    const { claiming, taken } = this.#options;
    const holdings = await this.#claim(claiming, shards);
    this.moves.taken += holdings.length;
    return holdings.length === 0 ? 0 : await taken(holdings);
  }

  /** Takes the poller's lease. */
  async #candidate(): Promise<void> {
    if (this.#isElecting || performance.now() < this.#yieldsUntil) return;
    this.#isElecting = true;
    try {
      await this.#claim(this.#options.electing, [POLLER]);
      this.#elect();
    } finally {
      this.#isElecting = false;
    }
  }

  /** @returns the leases that are this server's now */
  async #claim(connection: Connection, leases: readonly number[]): Promise<Holding[]> {
    if (leases.length === 0) return [];
    const { schema } = this.#options;
    const id = this.#id;
    const claimed = await connection.run((session) => claim(session, schema, id, leases), PATIENCE.claim);
    // Others have removed the server's row meanwhile: what it took under that id is free.
    if (id !== this.#id || this.#closing.signal.aborted) return [];
    const holdings = claimed.map(({ shard, epoch }) => ({ shard, epoch }));
    const now = performance.now();
    for (const holding of holdings) this.#holdings.claimed(holding, now);
    return holdings;
  }

  /** Lets shards go one by one, as the applications are done with them. */
  #release(surplus: readonly number[]): void {
    const leaving = this.#holdings.leaving(surplus);
    if (leaving.length === 0) return;
    const { renewing, schema } = this.#options;
    const id = this.#id;
    const releases = new Releases(async (shards) => {
      await renewing.run((session) => release(session, schema, id, shards), PATIENCE.renewal);
      this.moves.released += shards.length;
      for (const shard of shards) this.#holdings.gone(shard, performance.now());
    });
    const onEach = (shard: number) => releases.add(shard).catch((error) => this.#fail(error as Error));
    void this.#options.revoked(leaving, onEach, "released").catch((error) => this.#fail(error as Error));
  }
}

function newId(): string {
  return randomBytes(9).toString("hex");
}

/** Collects shards while those before are being let go: a commit for each would hold up the renewals. */
class Releases {
  readonly #flush: (shards: readonly number[]) => Promise<void>;
  #shards: number[] = [];
  #isFlushing = false;

  constructor(flush: (shards: readonly number[]) => Promise<void>) {
    this.#flush = flush;
  }

  async add(shard: number): Promise<void> {
    this.#shards.push(shard);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    await Promise.resolve();
    while (this.#shards.length > 0) await this.#flush(this.#shards.splice(0));
    this.#isFlushing = false;
  }
}
