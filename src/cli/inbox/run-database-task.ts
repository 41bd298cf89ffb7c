/** `asgigram inbox migrate` and `asgigram inbox copy`: what is done to the inbox of a database as a whole. */

import { resolve } from "node:path";
import { findDatabase, findInbox } from "../../config/inbox-path.ts";
import type { Sources } from "../../config/sources.ts";
import { isDatabaseAddress, shownAddress } from "../../protocol/database-address.ts";
import { ConfigError } from "../../protocol/errors.ts";
import type { DatabaseTask } from "./inbox-task.ts";

/** @returns the text to print @throws ConfigError | InboxError */
export async function runDatabaseTask(task: DatabaseTask, sources: Sources): Promise<string> {
  return await (task.action === "copy" ? copy(task, sources) : migrate(task.role, sources));
}

async function migrate(role: string | undefined, sources: Sources): Promise<string> {
  const inbox = await findInbox(sources);
  if (!isDatabaseAddress(inbox))
    throw new ConfigError("migrate is for an inbox in a database: name its address with --inbox");
  const { bot, password } = await findDatabase(sources);
  const { migrateInbox } = await import("../../inbox/postgres/whole-inbox.ts");
  await migrateInbox(inbox, bot, { password }, role);
  const granted = role === undefined ? "" : `, and the role ${role} may use it`;
  return `the inbox of bot ${bot} in ${shownAddress(inbox)} has the tables of this version${granted}`;
}

type CopyTask = Extract<DatabaseTask, { action: "copy" }>;

async function copy({ from, to }: CopyTask, sources: Sources): Promise<string> {
  if (isDatabaseAddress(from) === isDatabaseAddress(to)) {
    throw new ConfigError(
      "copy takes an inbox's file and the address of a database, postgres://user@host/database, in either order",
    );
  }
  const { bot, password } = await findDatabase(sources);
  if (isDatabaseAddress(to)) {
    const { copyInbox } = await import("../../inbox/postgres/whole-inbox.ts");
    const { events, letters, moved } = await copyInbox(resolve(sources.cwd, from), to, bot, { password });
    return `copied ${counted(events, letters)} to ${shownAddress(to)}; the file is now ${moved}`;
  }
  const { copyInboxBack } = await import("../../inbox/postgres/copy-back.ts");
  const path = resolve(sources.cwd, to);
  const { events, letters, schema } = await copyInboxBack(from, path, bot, { password });
  return `copied ${counted(events, letters)} to ${path}; the tables in ${shownAddress(from)} are now those of the schema ${schema}`;
}

function counted(events: number, letters: number): string {
  return `${events} unsettled updates and ${letters} dead letters`;
}
