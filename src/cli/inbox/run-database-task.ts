/** `asgigram inbox migrate` and `asgigram inbox copy`: what is done to the inbox of a database as a whole. */

import { findDatabase } from "../../config/inbox-path.ts";
import type { Sources } from "../../config/sources.ts";
import { isDatabaseAddress, shownAddress } from "../../protocol/database-address.ts";
import { ConfigError } from "../../protocol/errors.ts";
import type { DatabaseTask } from "./inbox-task.ts";

/** @param inbox the inbox that the options name @returns the text to print @throws ConfigError | InboxError */
export async function runDatabaseTask(task: DatabaseTask, inbox: string, sources: Sources): Promise<string> {
  const to = task.action === "copy" ? task.to : inbox;
  if (!isDatabaseAddress(to)) {
    throw new ConfigError(
      task.action === "copy"
        ? "copy takes an inbox's file, and the address of a database to which it is copied: postgres://user@host/database"
        : "migrate is for an inbox in a database: name its address with --inbox",
    );
  }
  const { bot, password } = await findDatabase(sources);
  const { copyInbox, migrateInbox } = await import("../../inbox/postgres/whole-inbox.ts");
  if (task.action === "migrate") {
    await migrateInbox(to, bot, { password }, task.role);
    const granted = task.role === undefined ? "" : `, and the role ${task.role} may use it`;
    return `the inbox of bot ${bot} in ${shownAddress(to)} has the tables of this version${granted}`;
  }
  const { events, letters, moved } = await copyInbox(task.from, to, bot, { password });
  return `copied ${events} unsettled updates and ${letters} dead letters to ${shownAddress(to)}; the file is now ${moved}`;
}
