import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { checkInbox } from "../../../src/cli/check/inbox.ts";
import { SqliteInbox } from "../../../src/inbox/sqlite.ts";
import { Folder } from "../../folder.ts";
import { updates } from "../../inbox/contract.ts";
import { addDeadLetters } from "../../inbox/dead-letter-file.ts";

const BOT = 77;

const found = (path: string | false | undefined, bot: number | undefined = BOT) =>
  checkInbox(path, bot).map(({ is, text }) => `${is}: ${text}`);

/** A folder for each test, and the path of a missing inbox in it. */
let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, "inbox.sqlite");
});
afterEach(() => folder[Symbol.dispose]());

test("a missing inbox will be created by the server, and is not created by the check", () => {
  assert.deepEqual(found(path), [`ok: ${path} will be created`]);
  assert.deepEqual(readdirSync(folder.path), []);
});

test("a folder that is missing, or takes no file, is a problem", () => {
  assert.match(found(join(path, "inbox.sqlite"))[0]!, /^problem: the inbox .* could not be made: .*folder/);
  assert.match(found("/proc/inbox.sqlite")[0]!, /^problem: the inbox \/proc\/inbox\.sqlite could not be made/);
});

test("an inbox that exists is ok, with the number of its dead letters", async () => {
  await addDeadLetters(path, BOT, [1]);
  assert.deepEqual(found(path), [`ok: ${path}, with 1 dead letter: see asgigram inbox list`]);
});

test("an inbox of an older format is ok, and stays as it is", async () => {
  await new SqliteInbox(path, BOT).close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 2");
  assert.deepEqual(found(path), [`ok: ${path}, of format 2, which the start turns into format 4`]);
  assert.equal(database.prepare("PRAGMA user_version").get()!.user_version, 2);
  database.close();
});

test("an inbox that another process uses is a warning, and that process keeps it", async () => {
  const inbox = new SqliteInbox(path, BOT);
  const [use, file] = found(path);
  assert.match(use!, /^warning: .* is in use by another process/);
  assert.equal(file, `ok: ${path}`);
  assert.throws(() => new SqliteInbox(path, BOT), /in use by another process/);
  await inbox.append(updates(1));
  await inbox.close();
  assert.deepEqual(found(path), [`ok: ${path}`]);
});

test("an inbox of another bot is a problem, unless this bot is unknown", async () => {
  await new SqliteInbox(path, 78).close();
  assert.match(found(path)[0]!, /^problem: .* belongs to bot 78, not to 77/);
  assert.deepEqual(
    checkInbox(path, undefined).map(({ is }) => is),
    ["ok"],
  );
});

test("a file that is no inbox is a problem", () => {
  writeFileSync(path, "text".repeat(1000));
  assert.match(found(path)[0]!, /^problem: .*no inbox/);
  mkdirSync(`${path}.folder`);
  assert.match(found(`${path}.folder`)[0]!, /^problem: .*is a folder/);
});

test("an inbox that is off is a warning", () => {
  assert.match(found(false)[0]!, /^warning: off: updates/);
  assert.deepEqual(found(undefined), []);
});
