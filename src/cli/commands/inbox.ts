/** `asgigram inbox`: lists, shows, retries and drops dead letters, and forgets chats. */

import { findInbox } from "../../config/inbox-path.ts";
import { isDatabaseAddress } from "../../protocol/database-address.ts";
import { ConfigError } from "../../protocol/errors.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { readInboxTask } from "../inbox/inbox-task.ts";
import { runInboxTask } from "../inbox/run-inbox-task.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  const task = readInboxTask(typed.words, typed.switches, typed.values);
  const path = await findInbox(sourcesOf(typed, context));
  if (isDatabaseAddress(path)) throw new ConfigError("asgigram inbox does not work with an inbox in a database yet");
  const text = runInboxTask(task, path, context.stdout.columns || 80);
  if (text !== "") context.console.log(text);
  return 0;
}
