/**
 * The fields of a line of the log, beside `level`, `time` and `msg`. Nothing is logged under another name, which the types
 * see to; the table in docs/observe.md is this one.
 */

export const LOG_FIELDS = {
  worker: "The number of the worker thread, which is also that of its shard: 0, 1, …",
  scope: "Whose application instance it is about: `chat:123`, `user:123`",
  update_id: "Telegram's number of the update that the instance was at",
  kind: "What kind of update that is: `message`, `callback_query`",
  method: "The method of the Bot API: `sendMessage`",
  lane: "What a call stays in order with: its destination chat",
  error: "What went wrong, of an application with its stack",
  deaths: "How many workers have died at the event",
  failures: "Polls that have failed in a row",
  unsettled: "Updates that are stored and not handled yet",
  calls: "Calls that have not been answered yet",
  stored: "Updates that have been dropped from the inbox",
  waiting: "Updates that have been dropped at Telegram",
  dropped: "Updates that have been dropped on their arrival",
  bot: "The bot's user name",
  application: "The application's import string",
  workers: "How many worker threads there are",
  inbox: "The inbox's file, or `false`",
  proxy: "The proxy on the way to Telegram",
  files: "The application's files that have changed",
  replaced: "The workers that new ones have taken the place of",
  took: "How long that took, in milliseconds",
  resident: "Megabytes that the process has",
  limit: "Megabytes that it may have: `--memory-limit`",
  memory: "Megabytes that each worker has, as far as it knows",
  url: "Where `--listen` listens",
} as const;

export type LogFields = { readonly [Field in keyof typeof LOG_FIELDS]?: unknown };
