/**
 * The database of a test file: that of the test run (test/run.ts), or a server of its own. Each test has a bot, and with it a schema, of
 * its own.
 */

import { randomInt } from "node:crypto";
import { after } from "node:test";
import { PostgresServer } from "./postgres-server.ts";

/** The variable in which test/run.ts tells the address. */
export const SHARED = "POSTGRES_OF_THE_TESTS";

/** @returns the address, for the role that may do all */
export async function sharedServer(): Promise<string> {
  const shared = process.env[SHARED];
  if (shared !== undefined) return shared;
  const server = await PostgresServer.start();
  after(() => server[Symbol.asyncDispose]());
  return server.address();
}

/** The id of a bot that no other test has. */
export function newBot(): number {
  return 1_000_000 + randomInt(2 ** 40);
}
