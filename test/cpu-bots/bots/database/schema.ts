/** Creates the tables once a server, so that threads that start together do not lock each other out. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export default function migrate(): { path: string } {
  const path = join(process.env.BOT_FOLDER!, "bot.sqlite");
  using database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL;");
  database.exec("CREATE TABLE IF NOT EXISTS reports (size INTEGER, sum INTEGER) STRICT");
  return { path };
}
