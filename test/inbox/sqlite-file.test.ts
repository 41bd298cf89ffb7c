import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { SCHEMA_VERSION } from "../../src/inbox/schema.ts";
import {
  describeInboxFile,
  guarded,
  lockInboxFile,
  openExistingInboxFile,
  openInboxFile,
} from "../../src/inbox/sqlite-file.ts";
import { InboxError } from "../../src/protocol/errors.ts";
import { makeOldInbox } from "./old-inbox.ts";

const BOT = 77;

const folder = mkdtempSync(join(tmpdir(), "asgigram-sqlite-file-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = () => join(folder, `${++files}.sqlite`);

/** A database that the statements make. */
function database(...statements: string[]): string {
  const path = newPath();
  const file = new DatabaseSync(path);
  for (const statement of statements) file.exec(statement);
  file.close();
  return path;
}

function inbox(...statements: string[]): string {
  const path = newPath();
  openInboxFile(path, BOT).close();
  const file = new DatabaseSync(path);
  for (const statement of statements) file.exec(statement);
  file.close();
  return path;
}

const refuses = (work: () => unknown, message: RegExp) =>
  assert.throws(work, (error) => {
    assert(error instanceof InboxError, String(error));
    assert.match(error.message, message);
    return true;
  });

const opens = { openInboxFile: (path: string) => openInboxFile(path, BOT), openExistingInboxFile };

test("the server creates the file, and opens it again", () => {
  const path = newPath();
  const made = openInboxFile(path, BOT);
  made.exec("INSERT INTO seen (id, first, last, since) VALUES (1, 1, 1, 0)");
  made.close();
  const again = openInboxFile(path, BOT);
  assert.equal(again.prepare("SELECT count(*) AS count FROM seen").get()!.count, 1);
  again.close();
  openExistingInboxFile(path).close();
});

test("an empty file becomes an inbox when the server opens it", () => {
  const path = newPath();
  writeFileSync(path, "");
  refuses(() => openExistingInboxFile(path), /is no inbox/);
  openInboxFile(path, BOT).close();
  openExistingInboxFile(path).close();
});

function oldInbox(): string {
  const path = newPath();
  makeOldInbox(path, BOT);
  return path;
}

test("a file of an older format is brought to this one by the server, and by asgigram inbox where no server uses it", () => {
  const version = (file: DatabaseSync) => file.prepare("PRAGMA user_version").get()!.user_version;
  for (const open of Object.values(opens)) {
    const path = oldInbox();
    assert.deepEqual(describeInboxFile(path), { format: 2, bot: BOT, events: 0, deadLetters: 1, values: 0 });
    const file = open(path);
    assert.equal(version(file), SCHEMA_VERSION);
    file.close();
    assert.deepEqual(describeInboxFile(path), {
      format: SCHEMA_VERSION,
      bot: BOT,
      events: 0,
      deadLetters: 1,
      values: 0,
    });
  }
});

test("a file of an older format that a server uses is left alone", () => {
  const path = oldInbox();
  const lock = lockInboxFile(path);
  refuses(
    () => openExistingInboxFile(path),
    RegExp(`used by a server of an older asgigram \\(format 2, this one writes ${SCHEMA_VERSION}\\); restart`),
  );
  assert.equal(describeInboxFile(path).format, 2);
  lock.close();
});

test("a file of an older format that another bot owns is left alone", () => {
  const path = oldInbox();
  refuses(() => openInboxFile(path, 78), /belongs to bot 77/);
  assert.equal(describeInboxFile(path).format, 2);
});

test("nobody but the owner may read an inbox and its lock, new or of an older format", {
  skip: process.platform === "win32" && "Windows has no such modes",
}, () => {
  const modes = (path: string) =>
    ["", "-lock"].map((suffix) => (statSync(`${path}${suffix}`).mode & 0o777).toString(8));
  const path = newPath();
  lockInboxFile(path).close();
  openInboxFile(path, BOT).close();
  assert.deepEqual(modes(path), ["600", "600"]);
  const old = oldInbox();
  lockInboxFile(old).close();
  for (const suffix of ["", "-lock"]) chmodSync(`${old}${suffix}`, 0o644);
  openInboxFile(old, BOT).close();
  assert.deepEqual(modes(old), ["600", "600"]);
  chmodSync(old, 0o640);
  openInboxFile(old, BOT).close();
  assert.equal(modes(old)[0], "640", "what its owner decides later is kept");
});

test("the inbox of another bot is refused", () => {
  refuses(() => openInboxFile(inbox(), 78), /belongs to bot 77, not to 78; each bot needs a file of its own/);
});

test("openExistingInboxFile() creates no file", () => {
  const path = newPath();
  refuses(() => openExistingInboxFile(path), RegExp(`^there is no inbox ${path}; name the bot's inbox with --inbox$`));
  assert(!existsSync(path));
  writeFileSync(path, "");
  refuses(() => openExistingInboxFile(join(path, "below")), /^there is no inbox/);
});

for (const [name, open] of Object.entries(opens)) {
  test(`${name}() refuses a file that is no inbox, says why, and leaves it unchanged`, () => {
    const other = database("CREATE TABLE customer (id)", "PRAGMA user_version = 9");
    refuses(() => open(other), /is no inbox, but the database of another program: choose another --inbox$/);
    const unchanged = new DatabaseSync(other);
    assert.deepEqual(
      unchanged
        .prepare("SELECT name FROM sqlite_schema")
        .all()
        .map(({ name }) => name),
      ["customer"],
    );
    assert.equal(unchanged.prepare("PRAGMA journal_mode").get()!.journal_mode, "delete");
    unchanged.close();

    const newer = inbox("PRAGMA user_version = 9");
    refuses(
      () => open(newer),
      RegExp(`was written by a newer asgigram \\(format 9, this one knows ${SCHEMA_VERSION}\\); update asgigram`),
    );

    const text = newPath();
    writeFileSync(text, "not a database, but long enough for one".repeat(100));
    refuses(() => open(text), /could not be opened: .*; that file is no inbox: choose another --inbox$/);

    const directory = newPath();
    mkdirSync(directory);
    refuses(() => open(directory), /is a folder: name a file with --inbox$/);
  });
}

test("one process at a time locks the inbox, and a missing folder is an error", () => {
  const path = newPath();
  const lock = lockInboxFile(path);
  refuses(() => lockInboxFile(path), /is in use by another process; stop that process first/);
  lock.close();
  lockInboxFile(path).close();
  refuses(() => lockInboxFile(join(folder, "missing", "x.sqlite")), /folder .*missing does not exist; create it/);
});

test("a locked inbox can still be opened for reading", () => {
  const path = inbox();
  const lock = lockInboxFile(path);
  openExistingInboxFile(path).close();
  lock.close();
});

test("an error of SQLite becomes an InboxError with the file, a remedy and the cause", () => {
  const remedies = {
    5: /keeps it locked/,
    8: /read-only/,
    10: /disk does not answer/,
    11: /damaged/,
    13: /disk is full/,
  };
  for (const [errcode, remedy] of Object.entries(remedies)) {
    const cause = Object.assign(new Error("no"), { errcode: Number(errcode) | 0x100 });
    const fail = () => {
      throw cause;
    };
    refuses(
      () => guarded("read", "/x.sqlite", fail),
      RegExp(`^the inbox /x.sqlite could not be read: no; .*${remedy.source}`),
    );
    assert.throws(
      () => guarded("read", "/x.sqlite", fail),
      (error) => (error as Error).cause === cause,
    );
  }
  const noAnswer = () => {
    throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
  };
  refuses(() => guarded("written", "/x.sqlite", noAnswer), /could not be written: EIO: .*; the disk does not answer/);
});
