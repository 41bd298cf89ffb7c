/**
 * The files of an inbox that is in use: the database, SQLite's log and its index, the ledger, the lock. A process goes on with files
 * that are removed or replaced, as if it stored: what it writes then is gone with it. So the server compares them with those that it
 * opened.
 */

import { chmodSync, closeSync, openSync, statSync } from "node:fs";

/** The mode of all files: an inbox holds what people write to the bot. */
export const PRIVATE = 0o600;

const SUFFIXES = ["", "-wal", "-shm", "-ledger", "-lock"];

export class InboxFiles {
  /** Inodes by path. */
  readonly #opened: ReadonlyMap<string, bigint | undefined>;

  /** @param path of the database. All files are there: they were opened, and something was written. */
  constructor(path: string) {
    this.#opened = new Map(pathsOf(path).map((file) => [file, inodeOf(file)]));
  }

  /** The path of a file that is not the one that was opened; undefined if all are. */
  missing(): string | undefined {
    for (const [file, inode] of this.#opened) if (inodeOf(file) !== inode) return file;
    return undefined;
  }
}

/** Creates the file if it does not exist. SQLite would let everybody read it, and gives its log the same mode. */
export function createPrivately(path: string): void {
  try {
    // A file that exists must not be opened and closed: that would release this process's locks on it (fcntl(2)).
    closeSync(openSync(path, "wx", PRIVATE));
  } catch {
    // It exists, or SQLite says what is wrong.
  }
}

/** Closes the files of an older version, which made them readable for everybody. */
export function makePrivate(path: string): void {
  for (const file of pathsOf(path)) {
    try {
      chmodSync(file, PRIVATE);
    } catch {
      // It is not there, or belongs to another user who has let this one write.
    }
  }
}

function pathsOf(path: string): string[] {
  return SUFFIXES.map((suffix) => `${path}${suffix}`);
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
