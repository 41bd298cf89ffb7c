import assert from "node:assert/strict";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { createPrivately, InboxFiles, makePrivate } from "../../src/inbox/inbox-files.ts";
import { Folder } from "../folder.ts";

const SUFFIXES = ["", "-wal", "-shm", "-ledger", "-lock"];

/** The files of an inbox. @returns the path of the database */
function create(t: TestContext): string {
  const folder = new Folder();
  t.after(() => folder[Symbol.dispose]());
  for (const suffix of SUFFIXES) folder.write(`inbox.sqlite${suffix}`, "x");
  return folder.join("inbox.sqlite");
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("files that are written to are those that were opened", (t) => {
  const path = create(t);
  const files = new InboxFiles(path);
  for (const suffix of SUFFIXES) writeFileSync(`${path}${suffix}`, "another content");
  assert.equal(files.missing(), undefined);
});

for (const suffix of SUFFIXES) {
  test(`a file that is removed or replaced is missed: inbox.sqlite${suffix}`, (t) => {
    const path = create(t);
    const files = new InboxFiles(path);
    const file = `${path}${suffix}`;
    renameSync(file, `${file}.moved`);
    assert.equal(files.missing(), file);
    writeFileSync(file, "x");
    assert.equal(files.missing(), file);
    rmSync(file);
    renameSync(`${file}.moved`, file);
    assert.equal(files.missing(), undefined);
  });
}

test("createPrivately() makes an empty file that its owner alone may read, and leaves one that exists", (t) => {
  if (process.platform === "win32") return t.skip("Windows has no such modes");
  const path = create(t);
  createPrivately(`${path}.new`);
  assert.deepEqual([modeOf(`${path}.new`), statSync(`${path}.new`).size], [0o600, 0]);
  const mode = modeOf(path);
  createPrivately(path);
  assert.deepEqual([modeOf(path), statSync(path).size], [mode, 1]);
  createPrivately(`${path}/no/folder`);
});

test("makePrivate() closes all files that are there", (t) => {
  if (process.platform === "win32") return t.skip("Windows has no such modes");
  const path = create(t);
  rmSync(`${path}-wal`);
  makePrivate(path);
  for (const suffix of ["", "-shm", "-ledger", "-lock"]) assert.equal(modeOf(`${path}${suffix}`), 0o600, suffix);
});
