import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openPage } from "../../../src/cli/simulated/open-page.ts";
import { eventually } from "../../eventually.ts";
import { Folder } from "../../folder.ts";

test("the address goes to the system's command", { skip: process.platform !== "linux" }, async () => {
  using folder = new Folder();
  folder.write("xdg-open", `#!/bin/sh\nprintf %s "$1" >"$0.new" && mv "$0.new" "$0.url"\n`);
  chmodSync(folder.join("xdg-open"), 0o755);
  const fail = (error: Error) => assert.fail(error);
  openPage("http://127.0.0.1:1", { PATH: `${folder.path}:${process.env.PATH}` }, fail);
  await eventually(() => existsSync(folder.join("xdg-open.url")));
  assert.equal(readFileSync(folder.join("xdg-open.url"), "utf8"), "http://127.0.0.1:1");
});

test("a system without such a command is told", { skip: process.platform !== "linux" }, async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  openPage("http://127.0.0.1:1", { PATH: "/missing" }, resolve);
  assert.match((await promise).message, /ENOENT/);
});
