/**
 * The fields of a log line, beside `level`, `time` and `msg`. The type of the logger allows no others. The table of log
 * fields in docs/observe.md has the same text.
 */

export const LOG_FIELDS = {
  worker: "Number of the worker thread: 0, 1, …",
  module: "Path of a module in heavy threads",
  scope: "Scope of the application instance: `chat:123`, `user:123`, `chat:-123/topic:7`, `chat:-123/member:123`",
  update_id: "Telegram's number of the update that the instance was handling",
  kind: "Kind of that update: `message`, `callback_query`",
  method: "Bot API method: `sendMessage`",
  lane: "Destination chat of a call: calls of one lane stay in order",
  seconds: "Time for which a lane has to wait",
  error: "Error message; with the stack if the application threw it",
  deaths: "Workers that have died with the event",
  failures: "Failed polls in a row",
  unsettled: "Updates received and not settled",
  calls: "Bot API calls without an answer",
  stored: "Updates dropped from the inbox",
  waiting: "Updates dropped at Telegram",
  dropped: "Updates dropped on arrival",
  bot: "User name of the bot",
  token: "Variable in which the bot's token was found: `BOT_TOKEN`, `BOT_TOKEN in .env`",
  application: "Import string of the application",
  library: "Bot library of a program, with its version",
  started: "The way in which a program started its bot: `bot.start()`",
  updates: "Kinds of update that a program asks for",
  workers: "Number of worker threads",
  inbox: "Inbox file, database without user and password, or `false`",
  proxy: "Proxy between the server and Telegram",
  files: "Changed files of the application",
  replaced: "Workers that were replaced",
  took: "Duration of the replacement in milliseconds",
  resident: "Resident memory of the process in megabytes",
  limit: "Its limit in megabytes: `--memory-limit`",
  memory: "Memory of each worker in megabytes, as of its last report",
  lines: "Lines of the log that were dropped",
  url: "URL of the `--listen` server",
} as const;

export type LogFields = { readonly [Field in keyof typeof LOG_FIELDS]?: unknown };
