/**
 * The thread that flushes the inbox's write-ahead log. It sleeps on a counter of requests in shared memory, which costs less than an
 * event loop that waits for messages, and answers each request with `null` or with the failure.
 */

import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { dataOfError } from "../protocol/error-data.ts";
import type { FlushData, FlushOutcome } from "../protocol/port.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { BUSY_TIMEOUT } from "./sqlite-file.ts";

const { path, requests } = workerData as FlushData;
let flush = openLog;

for (let seen = 0; ; ) {
  Atomics.wait(requests, 0, seen);
  seen = Atomics.load(requests, 0);
  parentPort!.postMessage(outcome());
}

function outcome(): FlushOutcome {
  try {
    flush();
    return null;
  } catch (error) {
    return dataOfError(error);
  }
}

/** The first flush: the log is there once something was committed, and as long as the database is open. */
function openLog(): void {
  const log = openSync(`${path}-wal`, "r+");
  try {
    fdatasyncSync(log);
    flush = () => fdatasyncSync(log);
  } catch (error) {
    closeSync(log);
    if ((error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") throw error;
    openDatabase();
  }
}

/**
 * Node.js's `--permission` refuses fdatasync. A commit with synchronous=FULL ends with a flush of the whole log, frames of other
 * connections included (https://sqlite.org/pragma.html#pragma_synchronous). The main thread cannot write meanwhile.
 */
function openDatabase(): void {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  database.exec("PRAGMA synchronous = FULL");
  // It writes a page even though the content stays the same; a commit that writes none flushes nothing.
  const commit = database.prepare(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  flush = () => void commit.run();
  flush();
}
