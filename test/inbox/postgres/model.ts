/**
 * Servers with an inbox in common, and an onlooker who knows every beginning and settlement of all of them, and writes down what breaks a
 * promise.
 */

import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InboxEntry } from "../../../src/inbox/inbox.ts";
import { Random } from "../../faults/random.ts";
import { CuttingProxy } from "../../machines/cutting-proxy.ts";
import { received } from "../received.ts";
import { Place } from "./database.ts";
import { type Onlooker, Server } from "./model-server.ts";

/** Chats, few enough that each has events that wait. */
const CHATS = 12;

/** Servers at once. */
const MOST = 4;

/** Longest pause between two steps: ms. */
const STEP = 6;

/** Times that a fault takes: those of hiccups, and of outages in which leases move. ms */
const SHORT = [50, 1000] as const;
const LONG = [4500, 7000] as const;

/** Pause between two looks for what is left: ms. */
const LOOK = 200;

/** The known facts of the events of a line. */
interface Line {
  /** Numbers that were handed over to a server, with their updates. */
  readonly entered: Map<number, number>;
  /** The highest number that has begun. */
  last: number;
}

export class Model implements Onlooker {
  readonly violations: string[] = [];
  readonly counts = { begun: 0, refused: 0, faults: 0 };
  readonly #random: Random;
  readonly #place: Place;
  readonly #address: string;
  readonly #servers: Server[] = [];
  /** Updates whose append has resolved. */
  readonly #appended = new Set<number>();
  readonly #settling = new Set<number>();
  readonly #settled = new Set<number>();
  /** Number of beginnings of each update. */
  readonly #beginnings = new Map<number, number>();
  readonly #lines = new Map<string, Line>();
  readonly #appends = new Map<Promise<void>, Server>();
  /** Resolve when a fault is over. */
  readonly #faults = new Set<Promise<void>>();
  readonly #mending = new AbortController();
  #lastUpdate = 0;

  private constructor(t: TestContext, address: string, seed: number) {
    this.#random = new Random(seed);
    this.#place = new Place(t, address);
    this.#address = address;
  }

  static async start(t: TestContext, address: string, seed: number): Promise<Model> {
    const model = new Model(t, address, seed);
    t.after(() => model.#close());
    await model.#join();
    await model.#join();
    return model;
  }

  /** Shards that servers have let go or lost. */
  get moved(): number {
    return this.#servers.reduce((sum, { inbox }) => sum + inbox.share.moves.released + inbox.share.moves.lost, 0);
  }

  /** Lets things happen for so long. */
  async run(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      await this.#step();
      await delay(this.#random.integer(0, STEP));
    }
  }

  /** Mends everything, and resolves when all updates are settled. */
  async settle(): Promise<void> {
    this.#mending.abort();
    await Promise.all(this.#faults);
    const appends = [...this.#appends].filter(([, server]) => server.state !== "gone");
    await Promise.all(appends.map(([append]) => append));
    const isLeft = async () => (await this.#place.sql("SELECT seq FROM $event LIMIT 1")).length > 0;
    for (const server of this.#active) server.hasten();
    while (this.violations.length === 0 && (await isLeft())) await delay(LOOK);
    for (const id of this.#appended) if (!this.#settling.has(id)) this.violations.push(`${id} was lost`);
  }

  // ---- what servers tell ----

  entered({ update_id, attempts, line, seq }: InboxEntry, server: Server): void {
    this.#lineOf(line).entered.set(seq, update_id);
    const begun = this.#beginnings.get(update_id) ?? 0;
    if (attempts < begun) this.broke(server, `gets ${update_id} with ${attempts} attempts of ${begun}`);
    if (this.#settled.has(update_id)) this.broke(server, `gets ${update_id}, which is settled`);
  }

  refused(): void {
    this.counts.refused += 1;
  }

  begun({ update_id, line, seq }: InboxEntry, server: Server): void {
    this.counts.begun += 1;
    const begun = this.#beginnings.get(update_id) ?? 0;
    this.#beginnings.set(update_id, begun + 1);
    if (this.#settled.has(update_id)) this.broke(server, `begins ${update_id}, which is settled`);
    const state = this.#lineOf(line);
    if (begun === 0 && seq < state.last) this.broke(server, `begins ${update_id}, number ${seq}, after ${state.last}`);
    state.last = Math.max(seq, state.last);
    for (const [before, id] of state.entered) {
      if (before < seq && !this.#settling.has(id)) this.broke(server, `begins ${update_id} before ${id} is settled`);
    }
    this.#lookForOverlap(update_id, line, server);
  }

  settling({ update_id }: InboxEntry): void {
    this.#settling.add(update_id);
  }

  settled({ update_id }: InboxEntry): void {
    this.#settled.add(update_id);
  }

  broke(server: Server, what: string): void {
    this.violations.push(`${server.name} ${what}`);
  }

  /** A server whose network was at fault since its event began may be at it still. */
  #lookForOverlap(id: number, line: string, server: Server): void {
    for (const other of this.#servers) {
      const work = other === server || other.state === "gone" ? undefined : other.workOn(line);
      if (work === undefined || other.faultyAt >= work.began) continue;
      this.broke(server, `begins ${id} while ${other.name} is at ${work.entry.update_id}`);
    }
  }

  #lineOf(name: string): Line {
    const line = this.#lines.get(name) ?? { entered: new Map(), last: 0 };
    this.#lines.set(name, line);
    return line;
  }

  // ---- what happens ----

  /** Servers that run. */
  get #active(): Server[] {
    return this.#servers.filter(({ state }) => state !== "gone");
  }

  async #step(): Promise<void> {
    const server = this.#random.pick(this.#active);
    const dice = this.#random.next();
    if (dice < 0.15) this.#append(server);
    else if (dice < 0.8) server.begin();
    else if (dice < 0.99) server.settle();
    else await this.#fault(server);
  }

  /** Some updates are new, and some were received before. */
  #append(server: Server): void {
    const { random, last } = { random: this.#random, last: this.#lastUpdate };
    const isOld = () => last > 0 && random.chance(0.15);
    const ids = Array.from({ length: random.integer(1, 4) }, () =>
      isOld() ? random.integer(Math.max(1, last - 20), last) : ++this.#lastUpdate,
    );
    const append = server.inbox
      .append(ids.toSorted((one, other) => one - other).map(updateOf))
      .then(() => {
        for (const id of ids) this.#appended.add(id);
      })
      // A server that is gone may have stored them.
      .catch(() => {})
      .finally(() => this.#appends.delete(append));
    this.#appends.set(append, server);
  }

  async #fault(server: Server): Promise<void> {
    this.counts.faults += 1;
    const up = this.#active.filter(({ state }) => state === "up");
    const mayEnd = server.state === "up" && up.length > 1;
    switch (this.#random.pick(["join", "leave", "die", "lose answers", "swallow", "hold"])) {
      case "join":
        return up.length < MOST ? await this.#join() : undefined;
      case "leave":
        return mayEnd ? void server.leave() : undefined;
      case "die":
        return mayEnd ? server.die() : undefined;
      case "lose answers":
        return this.#suffer(
          server,
          SHORT,
          () => (server.network.chance = 0.1),
          () => (server.network.chance = 0),
        );
      case "swallow":
        return this.#suffer(
          server,
          this.#random.pick([SHORT, LONG]),
          () => (server.network.isDown = true),
          () => this.#raise(server),
        );
      case "hold":
        return this.#suffer(
          server,
          this.#random.pick([SHORT, LONG]),
          () => server.network.hold(),
          () => server.network.release(),
        );
    }
  }

  /** Swallowed bytes are missing: connections from before are of no use. */
  #raise({ network, state }: Server): void {
    if (state === "gone") return;
    network.cut();
    network.isDown = false;
  }

  /** A fault of the network, which ends after some time. */
  #suffer(server: Server, [from, to]: readonly [number, number], begin: () => void, end: () => void): void {
    begin();
    server.faultyAt = performance.now();
    const time = delay(this.#random.integer(from, to), undefined, { signal: this.#mending.signal });
    const fault = time
      .catch(() => {})
      .then(() => {
        end();
        server.faultyAt = performance.now();
        this.#faults.delete(fault);
      });
    this.#faults.add(fault);
  }

  async #join(): Promise<void> {
    const name = `s${this.#servers.length + 1}`;
    const random = this.#random.fork();
    const network = await CuttingProxy.start(Number(new URL(this.#address).port), random);
    const address = this.#address.replace(/:\d+\//, `:${network.port}/`);
    const server = new Server({
      name,
      inbox: await this.#place.open({ name, address }),
      network,
      random,
      onlooker: this,
    });
    this.#servers.push(server);
    await server.inbox.start(server);
  }

  async #close(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        server.state = "gone";
        await server.inbox.close();
        await server.network[Symbol.asyncDispose]();
      }),
    );
  }
}

function updateOf(update_id: number) {
  return received({ update_id, message: { chat: { id: ((update_id * 7) % CHATS) + 1 } } } as { update_id: number });
}
