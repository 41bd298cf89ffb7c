/**
 * A database by its address: opens connections to the host that takes writes. Hosts are tried in turn, the one that was right last time
 * first; one that is silent holds up the next for a moment only.
 *
 * After a fail-over the old primary may take itself for the primary for as long as it is cut off from the others: it answers questions, and
 * no commit. So a host that did not answer is tried last, and connections to other hosts than the newest connection's are not current.
 */

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type DatabaseAddress, parseDatabaseAddress, shownAddress } from "../../protocol/database-address.ts";
import { AddressFileError, isPassing, NoPrimaryError } from "./failure.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { inTime } from "./patience.ts";
import { loadPg, type Pg, type PgClient, type PgOptions, typesOf } from "./pg.ts";

/** Time for which a host is tried alone: ms. */
const HEAD_START = 250;

export interface DatabaseOptions {
  /** Without, the password is in the address, or where PostgreSQL's own programs find it. */
  readonly password?: PasswordSource | undefined;
}

export class Database {
  /** The address as it is shown. */
  readonly shown: string;
  readonly #address: DatabaseAddress;
  readonly #pg: Pg;
  readonly #password: PasswordSource;
  /** The host that is tried first. */
  #first = 0;
  /** The host of the newest connection. */
  #current = 0;
  /** The hosts of connections. */
  readonly #hosts = new WeakMap<PgClient, number>();

  private constructor(address: string, pg: Pg, { password = {} }: DatabaseOptions) {
    this.shown = shownAddress(address);
    this.#address = parseDatabaseAddress(address);
    this.#pg = pg;
    this.#password = password;
  }

  /** Loads what a connection needs. Opens none. @throws ConfigError | InboxError */
  static async at(address: string, options: DatabaseOptions = {}): Promise<Database> {
    return new Database(address, await loadPg(), options);
  }

  /** @param name the connection's, as the database shows it @throws the failure of the host that says most */
  async connect(name: string): Promise<PgClient> {
    const { hosts } = this.#address;
    const attempts: Promise<PgClient>[] = [];
    let isFound = false;
    const keep = (number: number) => (client: PgClient) => {
      if (isFound) {
        void client.end().catch(() => {});
        throw new Error("another host was faster");
      }
      isFound = true;
      this.#first = number;
      this.#current = number;
      this.#hosts.set(client, number);
      return client;
    };
    for (let i = 0; i < hosts.length && !isFound; i++) {
      const number = (this.#first + i) % hosts.length;
      const attempt = this.#connectTo(number, name).then(keep(number));
      attempts.push(attempt);
      await Promise.race([attempt, delay(HEAD_START, undefined, { ref: false })]).catch(() => {});
    }
    return await Promise.any(attempts).catch(({ errors }: AggregateError) => {
      throw errors.find((error) => !isPassing(error, false)) ?? errors.at(-1);
    });
  }

  /** False if a connection was made to another host since. */
  isCurrent(client: PgClient): boolean {
    return this.#hosts.get(client) === this.#current;
  }

  /** The host of this connection did not answer: the next connection is made to another one, if another one takes writes. */
  distrust(client: PgClient): void {
    const number = this.#hosts.get(client);
    if (number === this.#first) this.#first = (number + 1) % this.#address.hosts.length;
  }

  async #connectTo(number: number, name: string): Promise<PgClient> {
    const { hosts, connectTimeout } = this.#address;
    const client = new this.#pg.Client(await this.#optionsOf(number, name));
    // Without a listener the loss of an idle connection would end the process. Its next query fails.
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await inTime(client.query<{ standby: boolean }>({ text: STANDBY }), connectTimeout);
      if (rows[0]?.standby) throw new NoPrimaryError(`${hosts[number]!.host} is a standby`);
      return client;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
  }

  async #optionsOf(number: number, name: string): Promise<PgOptions> {
    const { hosts, user, password, database, connectTimeout } = this.#address;
    const { host, port } = hosts[number]!;
    const place = { PGHOST: host, PGPORT: `${port}`, PGUSER: user, PGDATABASE: database };
    return {
      host,
      port,
      user,
      password: (await readPassword(this.#password, place)) ?? password,
      database,
      ssl: await this.#tls(host),
      application_name: `asgigram ${name}`,
      connectionTimeoutMillis: connectTimeout,
      keepAlive: true,
      types: typesOf(this.#pg),
    };
  }

  async #tls(host: string): Promise<object | false> {
    const { sslmode, sslrootcert, sslcert, sslkey } = this.#address;
    if (sslmode === "disable") return false;
    const [ca, cert, key] = await Promise.all(
      Object.entries({ sslrootcert, sslcert, sslkey }).map(([name, path]) => readFileOf(name, path)),
    );
    const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
    if (sslmode === "require") return { ...files, rejectUnauthorized: false };
    // The name that the certificate must have.
    return { ...files, host, ...(sslmode === "verify-ca" && { checkServerIdentity: () => undefined }) };
  }
}

/** @throws AddressFileError */
async function readFileOf(parameter: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new AddressFileError(`${parameter} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Also has the server end work whose connection is gone, if it waits for a lock: while commits wait for a standby, each attempt would keep
 * a connection of the server's. PostgreSQL 13 cannot do that, nor can one on Windows.
 */
const STANDBY = `
  SELECT pg_is_in_recovery() AS standby, (
    SELECT set_config(name, '1s', false) FROM pg_settings
    WHERE name = 'client_connection_check_interval' AND version() ~ 'linux|darwin|bsd')`;
