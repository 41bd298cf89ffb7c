/** Opens the inbox that the configuration names: a file, a database, or memory. */

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { Config } from "./config/config.ts";
import { defaultInbox } from "./config/inbox-path.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { MemoryInbox } from "./inbox/memory.ts";
import { SqliteInbox } from "./inbox/sqlite.ts";
import { describeInboxFile } from "./inbox/sqlite-file.ts";
import type { Logger } from "./observe/logger.ts";
import { isDatabaseAddress, shownAddress } from "./protocol/database-address.ts";
import { InboxError } from "./protocol/errors.ts";
import type { Entity } from "./protocol/route.ts";
import { ownVersion } from "./protocol/version.ts";

/** @throws InboxError */
export function openInbox(config: Config, bot: Entity, log: Logger): Inbox | Promise<Inbox> {
  const { inbox, line, deadLetterLimit: count, deadLetterAge: age, sessionAge: valueAge } = config;
  if (isDatabaseAddress(inbox)) return openDatabase(config, inbox, bot, log);
  if (inbox !== false) return new SqliteInbox(inbox, bot.id, { limits: { count, age }, line, valueAge });
  log.info("no inbox: updates that are not handled when the process dies are lost");
  return new MemoryInbox(valueAge);
}

/** Opens an inbox in a database. The import is dynamic: an inbox in a file loads no driver. */
async function openDatabase(config: Config, address: string, bot: Entity, log: Logger): Promise<Inbox> {
  refuseForgottenFile(defaultInbox(config.directory, config.token), address);
  const {
    inboxPasswordFile: file,
    inboxPasswordCommand: command,
    nodeName,
    line,
    deadLetterLimit,
    deadLetterAge,
    inboxLimit,
    sessionAge,
  } = config;
  const { PostgresInbox } = await import("./inbox/postgres/postgres-inbox.ts");
  return await PostgresInbox.open({
    address,
    password: { file, command },
    bot: bot.id,
    name: nodeName ?? hostname(),
    version: ownVersion(),
    line,
    deadLetters: { count: deadLetterLimit, age: deadLetterAge },
    valueAge: sessionAge,
    limit: inboxLimit,
    log,
  });
}

/** Refuses to start beside a file of the bot that holds something: it would be left behind. @throws InboxError */
export function refuseForgottenFile(path: string, address: string): void {
  if (!existsSync(path)) return;
  const { events, deadLetters, values } = describeInboxFile(path);
  if (events + deadLetters + values === 0) return;
  throw new InboxError(
    `${path}, the inbox of a server of this bot alone, holds ${events} unsettled updates, ${deadLetters} dead letters and ${values} stored values: ` +
      `stop that server and run asgigram inbox copy ${path} ${shownAddress(address)}, or move the file away`,
  );
}
