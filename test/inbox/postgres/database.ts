/** The database as tests of the inbox see it: a way to look into the database, and to change it behind the inbox's back. */

import type { TestContext } from "node:test";
import pg from "pg";
import { PostgresInbox, type PostgresInboxOptions } from "../../../src/inbox/postgres/postgres-inbox.ts";
import { eventually } from "../../eventually.ts";
import { newBot } from "../../postgres/shared-server.ts";
import { Entries } from "../entries.ts";

export const OPTIONS = {
  name: "test",
  version: "0",
  line: "chat",
  deadLetters: { count: 1000, age: 1e12 },
  valueAge: Number.POSITIVE_INFINITY,
  limit: 1e6,
  log: { info() {}, warn() {} },
} satisfies Partial<PostgresInboxOptions>;

/** A bot's inbox in a database, and servers that share it. */
export class Place {
  readonly bot = newBot();
  readonly schema = `asgigram_${this.bot}`;
  readonly #t: TestContext;
  readonly #address: string;

  constructor(t: TestContext, address: string) {
    this.#t = t;
    this.#address = address;
  }

  async open(options: Partial<PostgresInboxOptions> = {}): Promise<PostgresInbox> {
    // On a busy machine a connection takes seconds.
    const address = `${this.#address}?connect_timeout=120`;
    const inbox = await PostgresInbox.open({ ...OPTIONS, address, bot: this.bot, ...options });
    this.#t.after(() => inbox.close());
    return inbox;
  }

  async start(options: Partial<PostgresInboxOptions> = {}): Promise<{ inbox: PostgresInbox; entries: Entries }> {
    const [inbox, entries] = [await this.open(options), new Entries()];
    await inbox.start(entries);
    return { inbox, entries };
  }

  /** Locks a table: nobody reads or writes it until the release. */
  async lock(table: string): Promise<{ release(): Promise<void> }> {
    return await this.hold(`LOCK TABLE $${table} IN ACCESS EXCLUSIVE MODE`);
  }

  /** Runs SQL in a transaction, which the release commits. */
  async hold(text: string): Promise<{ release(): Promise<void> }> {
    const client = new pg.Client({ connectionString: this.#address });
    await client.connect();
    await client.query(`BEGIN; ${this.#named(text)}`);
    const release = async () => {
      await client.query("COMMIT");
      await client.end();
    };
    return { release };
  }

  /** Resolves when somebody waits for the lock of a table. */
  async awaited(table: string): Promise<void> {
    const waiting = () =>
      this.sql(`SELECT pid FROM pg_locks WHERE NOT granted AND relation = '${this.schema}.${table}'::regclass`);
    await eventually(
      async () => (await waiting()).length > 0,
      () => this.sql("SELECT relation::regclass, granted FROM pg_locks WHERE relation IS NOT NULL"),
    );
  }

  /** Makes a role that may do all, whose transactions have that isolation by default. @returns the address for it */
  async addressOf(isolation: string): Promise<string> {
    const role = `role_${this.bot}`;
    await this.sql(`
      CREATE ROLE ${role} LOGIN SUPERUSER; ALTER ROLE ${role} SET default_transaction_isolation = '${isolation}'`);
    return this.#address.replace("postgres@", `${role}@`);
  }

  /** Runs SQL in which `$` before a name stands for the bot's schema: `$event`. */
  async sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#address });
    await client.connect();
    try {
      const result = await client.query<Row>(this.#named(text));
      return [result].flat().at(-1)!.rows;
    } finally {
      await client.end();
    }
  }

  #named(text: string): string {
    return text.replaceAll(/\$(?=[a-z])/g, `${this.schema}.`);
  }
}
