/** node:sqlite blocks its thread for the whole query. */

import { DatabaseSync } from "node:sqlite";
import { shared } from "asgigram";

const { path } = await shared<typeof import("./schema.ts")>(new URL("./schema.ts", import.meta.url));
const database = new DatabaseSync(path);
database.exec("PRAGMA busy_timeout = 5000;");

const query = database.prepare(
  "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) SELECT sum(n) AS sum FROM numbers",
);
const insert = database.prepare("INSERT INTO reports VALUES (?, ?)");

export function report(size: number): number {
  const { sum } = query.get(size) as { sum: number };
  insert.run(size, sum);
  return sum;
}
