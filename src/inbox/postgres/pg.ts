/**
 * The part of the package `pg` that the inbox uses. The package is loaded only if the inbox is a database: an installation without
 * one does not need it.
 */

import { InboxError } from "../../protocol/errors.ts";

export interface PgResult<Row = unknown> {
  readonly rows: Row[];
  readonly rowCount: number | null;
}

export interface PgQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Name under which the connection prepares the statement, once. No two texts share a name. */
  readonly name?: string;
}

export interface PgClient {
  /** The number that the server gave to the process of this connection. */
  readonly processID: number | null;
  connect(): Promise<unknown>;
  /** Several statements in one text have several results. */
  query<Row>(text: string): Promise<PgResult<Row>[] | PgResult<Row>>;
  query<Row>(query: PgQuery): Promise<PgResult<Row>>;
  /** Closes the connection, also under a query. Without one it says goodbye, and resolves when the server has closed it. */
  end(): Promise<void>;
  /** The process may end before the connection. */
  unref(): void;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  on(event: "notification", listener: (notification: { readonly payload?: string }) => void): unknown;
}

export interface PgOptions {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database: string;
  readonly ssl: object | false;
  readonly application_name: string;
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: true;
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

export interface Pg {
  readonly Client: new (options: PgOptions) => PgClient;
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown };
}

/** @throws InboxError if the package is not installed */
export async function loadPg(): Promise<Pg> {
  try {
    const { default: pg } = await import("pg");
    return pg as unknown as Pg;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new InboxError("an inbox in PostgreSQL needs the package pg: run npm install pg", { cause });
  }
}

const INT8 = 20;

/** PostgreSQL's text has no NUL, and is well-formed. */
export function pgText(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}

/** Numbers of events and ids of chats are integers that a number of JavaScript holds. */
export function typesOf({ types }: Pg): PgOptions["types"] {
  return { getTypeParser: (oid, format) => (oid === INT8 ? Number : types.getTypeParser(oid, format)) };
}
