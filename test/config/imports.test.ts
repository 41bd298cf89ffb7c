import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { findImports } from "../../src/config/imports.ts";
import { Folder } from "../folder.ts";

test("modules of --import are files and packages of the directory; a missing one is an error that names it", () => {
  using folder = new Folder();
  folder.write("first.mjs", "");
  const first = pathToFileURL(join(folder.path, "first.mjs")).href;
  assert.deepEqual(findImports(["./first.mjs", "node:fs"], folder.path), [first, "node:fs"]);
  for (const missing of ["./second.mjs", "no-such-package"]) {
    assert.throws(() => findImports([missing], folder.path), {
      name: "ConfigError",
      message: `--import ${missing}: no such file or package in ${folder.path}`,
    });
  }
});
