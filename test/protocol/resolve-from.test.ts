import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { resolveFrom } from "../../src/protocol/resolve-from.ts";
import { Folder } from "../folder.ts";

test("packages and files are found from the directory, and missing packages are not", () => {
  using folder = new Folder();
  mkdirSync(folder.join("node_modules/some-package"), { recursive: true });
  folder.write("node_modules/some-package/package.json", '{ "exports": "./main.js" }');
  folder.write("node_modules/some-package/main.js", "");
  const url = (path: string) => pathToFileURL(join(folder.path, path)).href;
  assert.equal(resolveFrom(folder.path, "some-package"), url("node_modules/some-package/main.js"));
  assert.equal(resolveFrom(folder.path, "./other.ts"), url("other.ts"));
  assert.throws(() => resolveFrom(folder.path, "no-such-package"), { code: "ERR_MODULE_NOT_FOUND" });
  assert.throws(() => resolveFrom(folder.path, "some-package/sub"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});
