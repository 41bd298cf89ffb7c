/** Runs a task of `asgigram inbox`, with or without a running server. */

import type { Filter, Forgotten, LetterStore, Retried, Which } from "../../inbox/dead-letters.ts";
import { lineOf, pageOf } from "./dead-letter-view.ts";
import type { LetterTask } from "./inbox-task.ts";
import { tableOf } from "./table.ts";

/**
 * @param letters are closed at the end
 * @param columns width of the terminal
 * @returns the text to print, which may be empty
 * @throws InboxError
 */
export async function runInboxTask(task: LetterTask, letters: LetterStore, columns: number): Promise<string> {
  try {
    return await textFor(task, letters, columns);
  } finally {
    await letters.close();
  }
}

async function textFor(task: LetterTask, letters: LetterStore, columns: number): Promise<string> {
  switch (task.action) {
    case "list":
      return await listed(letters, task.filter, task.json, columns);
    case "show":
      return (task.json ? lineOf : pageOf)(await letters.get(task.id));
    case "retry":
      return tellRetried(await letters.retry(task.which, task.fresh), letters, task.which);
    case "drop":
      return tellDropped(await letters.drop(task.which), letters, task.which);
    case "forget":
      return tellForgotten(await letters.forget(task.chat), task.chat);
  }
}

async function listed(letters: LetterStore, filter: Filter, json: boolean, columns: number): Promise<string> {
  const all = await letters.list(filter);
  if (json) return all.map(lineOf).join("\n");
  return all.length === 0 ? none(letters, filter) : tableOf(all, columns);
}

function tellRetried({ retried, left }: Retried, letters: LetterStore, which: Which): string {
  const lines = [
    retried > 0 && `retried ${count(retried)}: posted within a second, or when the server starts`,
    left > 0 && `left ${count(left)} that can only be dropped: not an update`,
  ].filter(Boolean);
  return lines.length > 0 ? lines.join("\n") : none(letters, which);
}

function tellDropped(dropped: number, letters: LetterStore, which: Which): string {
  return dropped > 0 ? `dropped ${count(dropped)}` : none(letters, which);
}

function tellForgotten({ events, letters, values }: Forgotten, chat: number): string {
  if (events + letters + values === 0) return `nothing of chat ${chat} is stored`;
  const updates = events === 1 ? "1 update" : `${events} updates`;
  const stored = values === 1 ? "1 stored value" : `${values} stored values`;
  return `removed ${updates}, ${count(letters)} and ${stored} of chat ${chat}; a running server finishes what it has in memory`;
}

function none({ path }: LetterStore, which: Which): string {
  return `no ${Object.keys(which).length > 0 ? "such dead letters" : "dead letters"} in ${path}`;
}

function count(letters: number): string {
  return letters === 1 ? "1 dead letter" : `${letters} dead letters`;
}
