import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { Folder } from "./folder.ts";
import { shareProcesses } from "./shared-processes.ts";

const FILES = globSync("**/*.test.*", { cwd: import.meta.dirname }).map((file) => join(import.meta.dirname, file));

test("every test file is run once, alone or with others of its folder", () => {
  using cache = new Folder();
  const shared = shareProcesses(FILES, import.meta.dirname, cache.path);
  const imported = (file: string) =>
    [...readFileSync(file, "utf8").matchAll(/^import "(.*)";$/gm)].map(([, path]) => resolve(cache.path, path!));
  const run = shared.map((file) => (dirname(file) === cache.path ? imported(file) : [file]));
  assert.deepEqual(run.flat().toSorted(), FILES.toSorted());
  assert.ok(run.length < FILES.length - 100, `${run.length} processes`);
  for (const files of run) assert.equal(new Set(files.map(dirname)).size, 1, files.join());
});

test("a file that is named alone is run as it is", () => {
  using cache = new Folder();
  const file = join(import.meta.dirname, "protocol/nearest.test.ts");
  assert.deepEqual(shareProcesses([file], import.meta.dirname, cache.path), [file]);
});
