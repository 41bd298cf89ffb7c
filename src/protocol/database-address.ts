/**
 * The address of a database that holds an inbox:
 *
 *   postgres://user[:password]@host[:port][,host[:port]]/database[?sslmode=verify-full&sslrootcert=/ca.pem]
 *
 * No message shows a part of it that may be the password.
 */

import { ConfigError } from "./errors.ts";

export interface DatabaseAddress {
  /** One at least. Of several, the one that takes writes is found. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslmode: SslMode;
  /** Files. */
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  /** Time for a connection to one host: ms. */
  readonly connectTimeout: number;
}

const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;

export type SslMode = (typeof SSL_MODES)[number];

const PARAMETERS = ["sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout"];

/** Seconds. */
const CONNECT_TIMEOUT = 3;

const SCHEME = /^postgres(?:ql)?:\/\//i;
/** An @ stands behind a password alone: one with a / or ? is not taken for a host and a database, which are shown. */
const ADDRESS = /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]+)\/([^@/?#]+)(?:\?([^@#]*))?$/i;
const HOST = /^(?:\[([\da-f:.]+)\]|([^[\]:,\s]+))(?::(\d{1,5}))?$/i;

const PORT = 5432;

/** True if the inbox is a database, and no file. */
export function isDatabaseAddress(inbox: unknown): inbox is string {
  return typeof inbox === "string" && SCHEME.test(inbox);
}

/** @throws ConfigError @param source the option that has it: `--inbox` */
export function parseDatabaseAddress(text: string, source = "--inbox"): DatabaseAddress {
  const [, user, password, hosts, database, query = ""] = ADDRESS.exec(text) ?? refuse(source, FORM);
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) refuse(source, `it knows no parameter ${name}: there are ${PARAMETERS.join(", ")}`);
  }
  const sslmode = parameters.get("sslmode") ?? "disable";
  if (!isSslMode(sslmode)) refuse(source, `sslmode is one of ${SSL_MODES.join(", ")}`);
  const connectTimeout = Number(parameters.get("connect_timeout") ?? CONNECT_TIMEOUT);
  if (!(connectTimeout > 0 && connectTimeout <= 600))
    refuse(source, "connect_timeout is a number of seconds, up to 600");
  const file = (name: string) => parameters.get(name) || undefined;
  return {
    hosts: hosts!.split(",").map((word) => readHost(word, source)),
    user: decoded(user, source),
    password: decoded(password, source),
    database: decoded(database, source)!,
    sslmode,
    sslrootcert: file("sslrootcert"),
    sslcert: file("sslcert"),
    sslkey: file("sslkey"),
    connectTimeout: connectTimeout * 1000,
  };
}

/** The address as it is shown: without user, password and parameters. */
export function shownAddress(text: string): string {
  const [, , , hosts, database] = ADDRESS.exec(text) ?? [];
  return hosts === undefined ? "postgres://…" : `postgres://${hosts}/${database}`;
}

/** The password in an address, as it stands there; undefined without one. */
export function passwordIn(text: unknown): string | undefined {
  return isDatabaseAddress(text) ? ADDRESS.exec(text)?.[2] || undefined : undefined;
}

const FORM =
  "a database's address is postgres://user@host/database; elsewhere in it / is written %2F, ? %3F, # %23 and @ %40";

function readHost(word: string, source: string): { host: string; port: number } {
  const [, six, name, port = PORT] = HOST.exec(word) ?? [];
  const host = six ?? name;
  if (host === undefined || Number(port) > 65_535) refuse(source, `${FORM}; several hosts stand as host1,host2:5433`);
  return { host, port: Number(port) };
}

function decoded(text: string | undefined, source: string): string | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(source, "a % in a name or password is written %25");
  }
}

function isSslMode(word: string): word is SslMode {
  return (SSL_MODES as readonly string[]).includes(word);
}

function refuse(source: string, reason: string): never {
  throw new ConfigError(
    `the address in ${source} cannot be used: ${reason} (it is not shown here, it may hold a password)`,
  );
}
