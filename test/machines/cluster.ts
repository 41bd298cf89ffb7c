/** Machines that share an inbox, the database with it, and a Telegram that sends messages to them. */

import { join } from "node:path";
import { Simulator } from "../../simulator/index.ts";
import { Connection } from "../../src/inbox/postgres/connection.ts";
import { Database } from "../../src/inbox/postgres/database.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually, type OnChange } from "../eventually.ts";
import { Random } from "../faults/random.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { judge, longestSilence, longestWait, type Move, type Pause, type Verdict, worksIn } from "./judge.ts";
import { CHATS, isSlow, TICK } from "./load.ts";
import { Machine } from "./machine.ts";
import type { Session } from "./session.ts";

/** Writes down who has which lease, and the names of the machines. */
const HISTORY = (schema: string) => `
  CREATE TABLE ${schema}.history AS SELECT clock_timestamp() AS at, shard, owner FROM ${schema}.lease;
  CREATE TABLE ${schema}.names AS SELECT id, name FROM ${schema}.node;
  CREATE FUNCTION ${schema}.note_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO ${schema}.history VALUES (clock_timestamp(), new.shard, new.owner); RETURN new; END $$;
  CREATE FUNCTION ${schema}.note_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO ${schema}.names VALUES (new.id, new.name); RETURN new; END $$;
  CREATE TRIGGER note_lease AFTER UPDATE OF owner ON ${schema}.lease FOR EACH ROW EXECUTE FUNCTION ${schema}.note_lease();
  CREATE TRIGGER note_name AFTER INSERT ON ${schema}.node FOR EACH ROW EXECUTE FUNCTION ${schema}.note_name()`;

/** The database that the machines share. */
export interface SharedDatabase extends AsyncDisposable {
  /** Its address for a machine, with what is to fail in between. */
  addressFor(machine: string): string | Promise<string>;
  /** Its address for the judge. */
  readonly judgeAddress: string;
}

export class Cluster<D extends SharedDatabase = SharedDatabase> {
  readonly database: D;
  readonly kills = new Map<string, number>();
  readonly pauses: Pause[] = [];
  /** Machines that have stopped in order. */
  readonly stopped = new Set<string>();
  readonly machines: Machine[] = [];
  /** The networks between machines and Telegram, by the names of the machines. */
  readonly telegrams = new Map<string, CuttingProxy>();
  readonly #simulator: Simulator;
  /** The judge's. What it asks for is asked again if the database fails meanwhile. */
  readonly #connection: Connection;
  readonly #folder: string;
  readonly #schema: string;
  readonly #sent = new Map<number, number>();
  /** The times at which messages of quick chats were sent, by `chat/number`. */
  readonly #sentAt = new Map<string, number>();
  #load: NodeJS.Timeout | undefined;
  #pushing = Promise.resolve();

  private constructor(database: D, connection: Connection, simulator: Simulator, folder: string) {
    this.database = database;
    this.#connection = connection;
    this.#simulator = simulator;
    this.#folder = folder;
    this.#schema = `asgigram_${simulator.token.split(":")[0]}`;
  }

  /** @param folder for the files of the machines @param database closed with the cluster */
  static async start<D extends SharedDatabase>(folder: string, machines: number, database: D): Promise<Cluster<D>> {
    const simulator = await Simulator.start({ historyPerChat: 10, callLog: 0 });
    const connection = new Connection({
      database: await Database.at(database.judgeAddress),
      name: "judge",
      patience: 5000,
      pause: 500,
      onFailure() {},
    });
    const cluster = new Cluster(database, connection, simulator, folder);
    try {
      await cluster.join();
      await cluster.sql(HISTORY(cluster.#schema));
      for (let i = 1; i < machines; i++) await cluster.join();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Another machine joins. */
  async join(): Promise<Machine> {
    const name = `m${this.machines.length + 1}`;
    const { token, url } = this.#simulator;
    const telegram = await CuttingProxy.start(Number(new URL(url).port), new Random(1));
    this.telegrams.set(name, telegram);
    const apiUrl = `http://127.0.0.1:${telegram.port}`;
    const inbox = await this.database.addressFor(name);
    const machine = new Machine({ name, inbox, token, apiUrl, path: join(this.#folder, name) });
    this.machines.push(machine);
    await machine.serving();
    return machine;
  }

  get living(): Machine[] {
    return this.machines.filter(({ isOver }) => !isOver);
  }

  /** The machine that polls. */
  async poller(): Promise<Machine> {
    return await eventually(
      async () => {
        const rows = await this.sql<{ name: string }>(
          `SELECT name FROM ${this.#schema}.node JOIN ${this.#schema}.lease ON owner = id WHERE shard = -1`,
        );
        return this.living.find(({ name }) => name === rows[0]?.name);
      },
      () => this.sql(`SELECT owner FROM ${this.#schema}.lease WHERE shard = -1`),
    );
  }

  kill(machine: Machine): void {
    machine.signal("SIGKILL");
    this.kills.set(machine.name, now());
  }

  /** Stops a machine in order. */
  async stop(machine: Machine): Promise<void> {
    machine.signal("SIGTERM");
    await machine.ended;
    this.stopped.add(machine.name);
  }

  pause(machine: Machine): void {
    machine.signal("SIGSTOP");
    this.pauses.push({ machine: machine.name, from: now() });
  }

  /** A machine has no connection to the database: what it was at goes on, as what a stopped one was at. */
  noteCut(machine: Machine): void {
    this.pauses.push({ machine: machine.name, from: now() });
  }

  /** People send messages from now on: so many a second. */
  send(rate: number): void {
    let chat = 0;
    this.#load = setInterval(() => {
      const batch = Array.from({ length: (rate * TICK) / 1000 }, () => {
        chat = (chat % CHATS) + 1;
        const number = (this.#sent.get(chat) ?? 0) + 1;
        this.#sent.set(chat, number);
        if (!isSlow(chat)) this.#sentAt.set(`${chat}/${number}`, now());
        return message(chat, String(number));
      });
      this.#pushing = this.#pushing.then(() => this.#simulator.pushMany(batch).then(() => {}));
    }, TICK);
  }

  /** Resolves when each machine that lives has a share of all shards. */
  async settled(): Promise<void> {
    const shares = async () => {
      const rows = await this.sql<{ name: string; count: number }>(
        `SELECT name, count(*)::int AS count FROM ${this.#schema}.node JOIN ${this.#schema}.lease ON owner = id
         WHERE shard >= 0 GROUP BY name`,
      );
      return new Map(rows.map(({ name, count }) => [name, count]));
    };
    await eventually(
      async () => {
        const found = await shares();
        const all = [...found.values()].reduce((sum, count) => sum + count, 0);
        return all === SHARDS && this.living.every(({ name }) => found.has(name)) && found.size === this.living.length;
      },
      () => this.living.map(({ name, log }) => `${name}: ${log.slice(-2000)}`).join("\n"),
    );
  }

  /** Resolves when all that people have sent so far has begun. */
  async caughtUp(): Promise<void> {
    const sent = [...this.#sent].map(([chat, number]) => `${chat}/${number}`);
    const left = () => {
      const begun = new Set(this.#works().map(({ chat, number }) => `${chat}/${number}`));
      return sent.filter((last) => !begun.has(last));
    };
    await eventually(() => left().length === 0, left, everySecond);
  }

  /** Seconds from a machine's kill to the moves of its shards: of the last. */
  async timeToMove(machine: Machine): Promise<number> {
    const moves = await this.#moves();
    const killed = this.kills.get(machine.name)!;
    const before = moves.filter(({ at }) => at < killed).toSorted((one, other) => one.at - other.at);
    const owned = new Set<number>();
    for (const { shard, machine: owner } of before) owner === machine.name ? owned.add(shard) : owned.delete(shard);
    const firsts = [...owned].map((shard) =>
      Math.min(...moves.filter((move) => move.shard === shard && move.at >= killed).map(({ at }) => at)),
    );
    return (Math.max(...firsts) - killed) / 1e6;
  }

  /** Ends the load, and judges when everything is settled. */
  async verdict(): Promise<Verdict & { works: number }> {
    clearInterval(this.#load);
    await this.#pushing;
    const total = [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
    const ended = () =>
      new Set(
        this.#works()
          .filter(({ end }) => Number.isFinite(end))
          .map(({ chat, number }) => `${chat}/${number}`),
      ).size;
    let before = -1;
    let since = Date.now();
    // Until all are ended, or nothing happens any more.
    for (let count = ended(); count < total && Date.now() - since < PATIENCE; count = ended()) {
      if (count !== before) since = Date.now();
      before = count;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await eventually(
      async () => (await this.sql(`SELECT seq FROM ${this.#schema}.event LIMIT 1`)).length === 0,
      () => this.sql(`SELECT count(*) FROM ${this.#schema}.event`),
    );
    const moves = await this.#moves();
    const works = this.#works();
    const sessions = await this.#sessions();
    const { pauses, kills, stopped } = this;
    const evidence = { works, moves, pauses, kills, stopped, sent: this.#sent, sessions };
    return { ...judge({ ...evidence, shardOf: (chat) => shardOf(chat, SHARDS) }), works: works.length };
  }

  /** The longest that a quick chat waited for the beginning of a message that was sent between two times: seconds. */
  longestWait(from: number, to: number): number {
    const sentAt = [...this.#sentAt].filter(([, at]) => at >= from && at < to);
    return longestWait(this.#works(), new Map(sentAt)) / 1e6;
  }

  /** The longest time between two beginnings: seconds. */
  longestSilence(from: number, to: number): number {
    return longestSilence(this.#works(), from, to) / 1e6;
  }

  async sql<Row>(text: string): Promise<Row[]> {
    return await this.#connection.run(async (session) => (await session.script<Row>(text)).at(-1)!.rows);
  }

  async close(): Promise<void> {
    clearInterval(this.#load);
    for (const machine of this.living) {
      machine.signal("SIGCONT");
      machine.signal("SIGKILL");
    }
    await Promise.all(this.machines.map(({ ended }) => ended));
    await this.#connection.close();
    await this.database[Symbol.asyncDispose]();
    for (const telegram of this.telegrams.values()) await telegram[Symbol.asyncDispose]();
    await this.#simulator.close();
  }

  #works() {
    return this.machines.flatMap(({ name, events }) => worksIn(name, events));
  }

  async #sessions(): Promise<Map<number, Session>> {
    const rows = await this.sql<{ key: string; json: string }>(`SELECT key, json FROM ${this.#schema}.stored_value`);
    return new Map(rows.map(({ key, json }) => [Number(key), JSON.parse(json)]));
  }

  async #moves(): Promise<Move[]> {
    const offset = Date.now() * 1000 - now();
    const rows = await this.sql<{ at: number; shard: number; owner: string | null; name: string | null }>(
      `SELECT extract(epoch FROM at)::float8 * 1e6 AS at, shard, owner, name
       FROM ${this.#schema}.history LEFT JOIN ${this.#schema}.names ON id = owner WHERE shard >= 0`,
    );
    return rows.map(({ at, shard, name }) => ({ at: at - offset, shard, machine: name ?? undefined }));
  }
}

/** For looks that take their time. */
const everySecond: OnChange = (look) => {
  const timer = setInterval(look, 1000);
  return () => clearInterval(timer);
};

/** Time without any progress after which no more is expected: ms. */
const PATIENCE = 30_000;

/** Microseconds of the clock of all machines. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
