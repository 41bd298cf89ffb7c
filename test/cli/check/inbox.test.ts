import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { checkInbox } from "../../../src/cli/check/inbox.ts";
import { SqliteInbox } from "../../../src/inbox/sqlite.ts";
import { Folder } from "../../folder.ts";
import { updates } from "../../inbox/contract.ts";
import { addDeadLetters } from "../../inbox/dead-letter-file.ts";

const BOT = 77;

const found = (path: string | false | undefined, bot: number | undefined = BOT) =>
  checkInbox(path, bot).map(({ is, text }) => `${is}: ${text}`);

/** A folder for each test, and in it the path of an inbox that is not there yet. */
let folder: Folder;
let path: string;
beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, "inbox.sqlite");
});
afterEach(() => folder[Symbol.dispose]());

test("a file that is not there will be made, and is not made now", () => {
  assert.deepEqual(found(path), [`ok: ${path} will be made`]);
  assert.deepEqual(readdirSync(folder.path), []);
});

test("a folder that is not there, or takes no file, is a problem", () => {
  assert.match(found(join(path, "inbox.sqlite"))[0]!, /^problem: the inbox .* could not be made: .*folder/);
  assert.match(found("/proc/inbox.sqlite")[0]!, /^problem: the inbox \/proc\/inbox\.sqlite could not be made/);
});

test("one that is there is told with its dead letters", async () => {
  await addDeadLetters(path, BOT, [1]);
  assert.deepEqual(found(path), [`ok: ${path}, with 1 dead letter: asgigram inbox list shows what went wrong`]);
});

test("one that another process has is a warning, and that process keeps it", async () => {
  const inbox = new SqliteInbox(path, BOT);
  const [use, file] = found(path);
  assert.match(use!, /^warning: .* is in use by another process/);
  assert.equal(file, `ok: ${path}`);
  assert.throws(() => new SqliteInbox(path, BOT), /in use by another process/);
  await inbox.append(updates(1));
  await inbox.close();
  assert.deepEqual(found(path), [`ok: ${path}`]);
});

test("that of another bot is a problem, unless nobody knows which bot it is", async () => {
  await new SqliteInbox(path, 78).close();
  assert.match(found(path)[0]!, /^problem: .* belongs to bot 78, not to 77/);
  assert.deepEqual(
    checkInbox(path, undefined).map(({ is }) => is),
    ["ok"],
  );
});

test("what is no inbox is a problem", () => {
  writeFileSync(path, "text".repeat(1000));
  assert.match(found(path)[0]!, /^problem: .*no inbox/);
  mkdirSync(`${path}.folder`);
  assert.match(found(`${path}.folder`)[0]!, /^problem: .*is a folder/);
});

test("without one there is a warning", () => {
  assert.match(found(false)[0]!, /^warning: there is none/);
  assert.deepEqual(found(undefined), []);
});
