/** A package in a temporary folder that looks like grammY. */

import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Folder } from "../../folder.ts";

const GRAMMY = `
  exports.Bot = class { token = "48:none"; options = this; use() {} init() {} start() {} catch() {} };
  exports.BotError = class {};
`;

interface Package {
  /** Folder of the package, in `node_modules`. */
  readonly folder?: string;
  readonly name?: string;
  readonly version?: string;
  readonly entry?: string;
}

interface FakeBot {
  token: string | undefined;
  use(): void;
  start(): void;
}

/** Loads the package. @returns a bot with the token of bot 48 */
export function fakeBot({
  folder: where = "grammy",
  name = "grammy",
  version = "1.46.0",
  entry = "out/mod.js",
}: Package): FakeBot {
  using folder = new Folder();
  const home = `node_modules/${where}`;
  for (const path of [dirname(`${home}/${entry}`), "node_modules/node-fetch"])
    mkdirSync(folder.join(path), { recursive: true });
  folder.write(`${home}/package.json`, JSON.stringify({ name, version, main: entry }));
  folder.write(`${home}/${entry}`, GRAMMY);
  folder.write("node_modules/node-fetch/index.js", "exports.default = () => {};");
  const { Bot } = createRequire(folder.join("bot.js"))(where);
  return new Bot();
}
