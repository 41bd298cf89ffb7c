/** Connections for a person's question or command. A failure ends it, where a server would wait and try again. */

import type { InboxError } from "../../protocol/errors.ts";
import { Connection, type Session } from "./connection.ts";
import { Database, type DatabaseOptions } from "./database.ts";

/** Work on a session; `where` is the address as it is shown. */
export type Work<T> = (session: Session, where: string) => Promise<T>;

/** @param patience time for an answer: ms @throws InboxError */
export async function visit<T>(address: string, options: DatabaseOptions, patience: number, work: Work<T>): Promise<T> {
  const database = await Database.at(address, options);
  const connection = await connectOnce(database, patience);
  try {
    return await connection.run((session) => work(session, database.shown));
  } finally {
    await connection.close();
  }
}

/** @param patience time for an answer: ms @throws InboxError */
export async function connectOnce(database: Database, patience: number): Promise<Connection> {
  const onFailure = (error: InboxError) => {
    throw error;
  };
  const connection = new Connection({ database, name: "command", patience, pause: 0, onFailure });
  await connection.open();
  return connection;
}
