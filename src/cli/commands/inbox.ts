/** `asgigram inbox`: lists, shows, retries and drops dead letters, forgets chats, and makes inboxes in databases. */

import { findInbox } from "../../config/inbox-path.ts";
import type { Sources } from "../../config/sources.ts";
import type { Typed } from "../command-line.ts";
import { type Context, sourcesOf } from "../context.ts";
import { type InboxTask, readInboxTask } from "../inbox/inbox-task.ts";
import { openLetters } from "../inbox/open-letters.ts";
import { runInboxTask } from "../inbox/run-inbox-task.ts";

export async function run(typed: Typed, context: Context): Promise<number> {
  const task = readInboxTask(typed.words, typed.switches, typed.values);
  const sources = sourcesOf(typed, context);
  const text = await textFor(task, sources, context);
  if (text !== "") context.console.log(text);
  return 0;
}

async function textFor(task: InboxTask, sources: Sources, { stdout }: Context): Promise<string> {
  if (task.action === "migrate" || task.action === "copy") {
    const { runDatabaseTask } = await import("../inbox/run-database-task.ts");
    return await runDatabaseTask(task, sources);
  }
  const letters = await openLetters(await findInbox(sources), sources);
  return await runInboxTask(task, letters, stdout.columns || 80);
}
