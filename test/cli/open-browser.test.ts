import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openBrowser } from "../../src/cli/open-browser.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";

const isLinux = process.platform === "linux";

test("an address is opened by the system's own command", { skip: !isLinux && "xdg-open is Linux's" }, async (t) => {
  using folder = new Folder();
  const command = folder.write("xdg-open", `#!/bin/sh\necho "$1" > ${folder.join("opened")}\n`);
  chmodSync(command, 0o755);
  const { PATH } = process.env;
  t.after(() => (process.env.PATH = PATH));
  process.env.PATH = `${folder.path}:/bin:/usr/bin`;
  openBrowser("http://127.0.0.1:1/", assert.fail);
  const opened = folder.join("opened");
  await eventually(
    () => existsSync(opened) && readFileSync(opened, "utf8") === "http://127.0.0.1:1/\n",
    () => existsSync(opened) && readFileSync(opened, "utf8"),
  );
});

test("where there is no such command, the reason is told", { skip: !isLinux && "xdg-open is Linux's" }, async (t) => {
  using folder = new Folder();
  const { PATH } = process.env;
  t.after(() => (process.env.PATH = PATH));
  process.env.PATH = folder.path;
  const { promise, resolve } = Promise.withResolvers<string>();
  openBrowser("http://127.0.0.1:1/", resolve);
  assert.match(await promise, /xdg-open ENOENT/);
});
