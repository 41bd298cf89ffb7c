/** The ways to the token that are open to the code of a bot, as docs/security.md lists them. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Simulator } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { nextText } from "./bot.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(REPOSITORY, "src/cli/bin.ts");
const PRYING = join(import.meta.dirname, "apps/prying.ts");

const folder = new Folder();
after(() => folder[Symbol.dispose]());

interface Scene {
  /** Flags of Node.js. */
  readonly node?: readonly string[];
  /** The token comes as file 3, or in the environment. */
  readonly by: "descriptor" | "variable";
  readonly inbox?: string;
}

/** Lets the prying bot look for the token. @returns the ways that it found, and the bot's standard error */
async function pry({ node = [], by, inbox }: Scene): Promise<{ found: string | undefined; stderr: string }> {
  await using simulator = await Simulator.start();
  const tokenFile = folder.write("token", simulator.token);
  chmodSync(tokenFile, 0o600);
  const descriptor = openSync(tokenFile, "r");
  // A debugger that opens takes any free port.
  const flags = ["--no-warnings", "--inspect-port=0", ...node];
  const where = ["-w", "1", "--api-url", simulator.url, ...(inbox === undefined ? ["--no-inbox"] : ["--inbox", inbox])];
  const token = by === "descriptor" ? ["--token-file", "/dev/fd/3"] : [];
  const bot = startChild(process.execPath, [...flags, BIN, PRYING, ...token, ...where], {
    stdio: ["ignore", "ignore", "pipe", ...(by === "descriptor" ? [descriptor] : [])],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILED,
      TERCES: [...simulator.token.slice(simulator.token.indexOf(":") + 1)].reverse().join(""),
      TOKEN_FILE: tokenFile,
      ...(by === "variable" && { ASGIGRAM_TOKEN: simulator.token }),
    },
  });
  closeSync(descriptor);
  const stderr = text(bot.stderr!);
  const ann = await simulator.user("ann");
  await ann.sendText("what do you find?");
  const found = await nextText(ann);
  bot.kill();
  assert.deepEqual(await once(bot, "exit"), [0, null], await stderr);
  return { found, stderr: await stderr };
}

const OPENED = /Debugger listening/;

test("a token in the environment is gone from it and from reports; what Linux shows of the process has it", async () => {
  const { found, stderr } = await pry({ by: "variable" });
  assert.equal(found, "environ, file, memory, memory from a thread of its own, inspector");
  assert.match(stderr, OPENED);
});

test("a token of /dev/fd/3 is in no open file; --disable-sigusr1 keeps the debugger shut", async () => {
  const { found, stderr } = await pry({ by: "descriptor", node: ["--disable-sigusr1"] });
  assert.equal(found, "file, memory, memory from a thread of its own, inspector");
  assert.doesNotMatch(stderr, OPENED);
});

test("under --permission, with an inbox, none of these ways is open", async (t) => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 26 || (major === 26 && minor < 3)) return t.skip("this Node.js cannot take the right to start threads");
  const inbox = new Folder();
  t.after(() => inbox[Symbol.dispose]());
  const reads = [REPOSITORY, inbox.path].map((path) => `--allow-fs-read=${path}`);
  const writes = `--allow-fs-write=${inbox.path}`;
  const { found, stderr } = await pry({
    by: "descriptor",
    inbox: inbox.join("inbox.sqlite"),
    node: ["--permission", "--allow-worker", "--allow-net", ...reads, writes],
  });
  assert.equal(found, "nothing");
  assert.doesNotMatch(stderr, OPENED);
});
