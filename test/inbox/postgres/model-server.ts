/** A server of the model: an inbox with a network of its own, and an application that works on one event of each line at a time. */

import type { InboxEntry } from "../../../src/inbox/inbox.ts";
import type { PostgresInbox } from "../../../src/inbox/postgres/postgres-inbox.ts";
import { eventually } from "../../eventually.ts";
import type { Random } from "../../faults/random.ts";
import type { CuttingProxy } from "../../machines/cutting-proxy.ts";
import { Entries, turn } from "../entries.ts";

/** The facts that the model hears from its servers. */
export interface Onlooker {
  entered(entry: InboxEntry, server: Server): void;
  refused(): void;
  begun(entry: InboxEntry, server: Server): void;
  /** The settlement is asked for; it is recorded. */
  settling(entry: InboxEntry): void;
  settled(entry: InboxEntry): void;
  broke(server: Server, what: string): void;
}

export interface Work {
  readonly entry: InboxEntry;
  /** Time at which it began. */
  readonly began: number;
}

export interface ServerOptions {
  readonly name: string;
  readonly inbox: PostgresInbox;
  readonly network: CuttingProxy;
  readonly random: Random;
  readonly onlooker: Onlooker;
}

export class Server extends Entries {
  readonly name: string;
  readonly inbox: PostgresInbox;
  readonly network: CuttingProxy;
  /** `gone`: dead, or stopped in order. */
  state: "up" | "leaving" | "gone" = "up";
  /** The time at which its network was last at fault. */
  faultyAt = Number.NEGATIVE_INFINITY;
  readonly #random: Random;
  readonly #onlooker: Onlooker;
  /** Events that wait, by line. */
  readonly #queues = new Map<string, InboxEntry[]>();
  readonly #works = new Map<string, Work>();
  /** The event of the turn that is being recorded. */
  #recording: InboxEntry | undefined;
  #isHasty = false;

  constructor({ name, inbox, network, random, onlooker }: ServerOptions) {
    super();
    this.name = name;
    this.inbox = inbox;
    this.network = network;
    this.#random = random;
    this.#onlooker = onlooker;
  }

  get isBusy(): boolean {
    return this.#recording !== undefined || this.#works.size > 0;
  }

  workOn(line: string): Work | undefined {
    return this.#works.get(line);
  }

  // ---- what the inbox tells ----

  override onEntry(entry: InboxEntry): void {
    if (this.state === "gone") return;
    this.#onlooker.entered(entry, this);
    const queue = this.#queues.get(entry.line) ?? [];
    this.#queues.set(entry.line, queue);
    queue.push(entry);
    if (this.#isHasty) this.#goOn();
  }

  override async onRevoked(shard: number): Promise<void> {
    const isOfShard = (entry: InboxEntry | undefined) => entry?.shard === shard;
    for (const [line, queue] of this.#queues) if (isOfShard(queue[0])) this.#queues.delete(line);
    const isAtWork = () =>
      isOfShard(this.#recording) || [...this.#works.values()].some(({ entry }) => isOfShard(entry));
    await eventually(
      () => this.state === "gone" || !isAtWork(),
      () => this.state,
    );
  }

  override onError(error: Error): void {
    if (this.state !== "gone") this.#onlooker.broke(this, `fails: ${error.message}`);
  }

  // ---- what the application does ----

  /** Begins an event, if there is one that may begin. */
  begin(): void {
    const lines = [...this.#queues].filter(([line, queue]) => queue.length > 0 && !this.#works.has(line));
    if (this.#recording !== undefined || lines.length === 0) return;
    const [line, queue] = this.#random.pick(lines);
    const entry = queue.shift()!;
    void this.#record(entry, { begun: [{ seq: entry.seq, alone: false }] }, (refused) => {
      if (refused.length > 0) return this.#onlooker.refused();
      this.#onlooker.begun(entry, this);
      this.#works.set(line, { entry, began: performance.now() });
    });
  }

  /** Settles an event that has begun, if there is one. */
  settle(): void {
    if (this.#recording !== undefined || this.#works.size === 0) return;
    const [line, { entry }] = this.#random.pick([...this.#works]);
    this.#onlooker.settling(entry);
    void this.#record(entry, { settled: [entry.seq] }, () => {
      this.#works.delete(line);
      this.#onlooker.settled(entry);
    });
  }

  async #record(
    entry: InboxEntry,
    facts: Parameters<typeof turn>[0],
    done: (refused: readonly number[]) => void,
  ): Promise<void> {
    this.#recording = entry;
    try {
      const refused = await this.inbox.record(turn(facts));
      if (this.state === "gone") return;
      done(refused);
    } catch (error) {
      this.onError(error as Error);
    }
    this.#recording = undefined;
    if (this.#isHasty) this.#goOn();
  }

  /** From now on it works without a pause. */
  hasten(): void {
    this.#isHasty = true;
    this.#goOn();
  }

  #goOn(): void {
    this.begin();
    this.settle();
  }

  // ---- how it ends ----

  /** Stops in order: lets its shards go, as far as others are there. Events at hand are left. */
  async leave(): Promise<void> {
    this.state = "leaving";
    await this.inbox.retire();
    await eventually(
      () => this.#recording === undefined,
      () => `${this.state}, and it records`,
    );
    this.state = "gone";
    await this.inbox.close();
  }

  /** Ends as by kill -9: nothing of it reaches the database any more. */
  die(): void {
    this.state = "gone";
    this.network.isDown = true;
    this.network.cut();
  }
}
