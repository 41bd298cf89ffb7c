/** Opens the dead letters of an inbox: a file, or a database. The database's driver is loaded only for a database. */

import { findDatabase } from "../../config/inbox-path.ts";
import type { Sources } from "../../config/sources.ts";
import { DeadLetters, type LetterStore } from "../../inbox/dead-letters.ts";
import { isDatabaseAddress } from "../../protocol/database-address.ts";

/** @param inbox a path or an address @throws InboxError | ConfigError */
export async function openLetters(inbox: string, sources: Sources): Promise<LetterStore> {
  if (!isDatabaseAddress(inbox)) return new DeadLetters(inbox);
  const { bot, password } = await findDatabase(sources);
  const { PostgresDeadLetters } = await import("../../inbox/postgres/postgres-dead-letters.ts");
  return await PostgresDeadLetters.open(inbox, bot, { password });
}
