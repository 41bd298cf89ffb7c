import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { callingFile, moduleUrl } from "../../src/offload/module-url.ts";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { Folder } from "../folder.ts";

test("the calling file is the file outside of the package's own", () => {
  assert.equal(callingFile(), import.meta.url);
});

test("a URL, a relative path and an absolute path name the same file; compiled code finds .js for .ts", () => {
  using folder = new Folder();
  const from = pathToFileURL(folder.join("bot.ts")).href;
  const file = folder.join("render.mjs");
  folder.write("render.mjs", "");
  const url = pathToFileURL(file).href;
  for (const name of [new URL("./render.mjs", from), "./render.mjs", file, "./render.mts", url]) {
    assert.equal(moduleUrl(name, from), url);
  }
});

test("what names no file is refused with the remedy", () => {
  const from = import.meta.url;
  assert.throws(() => moduleUrl("sharp", from), { name: "TypeError", message: /"sharp" names no file: pass new URL/ });
  assert.throws(() => moduleUrl(new URL("https://example.com/a.js"), from), /names no file/);
  assert.throws(() => moduleUrl("./no-such.ts", from), ApplicationLoadError);
});
