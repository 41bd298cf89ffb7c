/**
 * The token and a proxy's password are in nothing that the command line leaves behind: its output, the log at level trace, the inbox,
 * any file. That holds for every failure, and for an application that prints and throws them.
 */

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Asgigram, type Exit, type RunOptions } from "../cli/asgigram.ts";
import { InProcess } from "../cli/in-process.ts";
import { Folder } from "../folder.ts";
import { FAILURE_COUNT, TelltaleApi } from "./telltale-api.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
const PASSWORD = "open-sesame-42";
/** Without the id, which is public. */
const SECRETS = [TOKEN.slice(TOKEN.indexOf(":") + 1), PASSWORD, Buffer.from(`ann:${PASSWORD}`).toString("base64")];

const GOSSIP = join(import.meta.dirname, "apps/gossip.ts");
/** Deeds of the application in their order: those that end its worker come last. */
const CALLS = [...Array<string>(FAILURE_COUNT).fill("send"), "upload", "download", "stream", "download", "stream"];
const DEEDS = ["print", "write", "throw", ...CALLS, "reject", "crash", "exit"];

const folder = new Folder();
after(() => folder[Symbol.dispose]());
const tokenFile = folder.write("token", `${TOKEN}\n`);
chmodSync(tokenFile, 0o600);
process.env.GOSSIP_FILE = tokenFile;
after(() => delete process.env.GOSSIP_FILE);
const work = folder.join("work");
mkdirSync(work);
const api = await TelltaleApi.start(DEEDS);
after(() => api[Symbol.asyncDispose]());

const broken = `{ "token": "${TOKEN}", "proxy": "http://ann:${PASSWORD}@127.0.0.1" "" }`;
const brokenConfig = folder.write("broken.json", broken);

const TRACE = ["--log-level", "trace"];
const NOBODY = "http://127.0.0.1:1";
const TELLTALE = `http://127.0.0.1:${api.port}`;

function start(args: readonly string[], node: string[] = []): Asgigram {
  return new Asgigram(args, { cwd: work, env: { GOSSIP_FILE: tokenFile }, node });
}

function startHere(args: readonly string[], env: RunOptions["env"] = {}): InProcess {
  return new InProcess(args, { cwd: work, env });
}

/** The secrets are neither in the output, nor in any file that the process has left. */
function assertSecret({ stdout, stderr }: Pick<Exit, "stdout" | "stderr">): void {
  const files = readdirSync(work, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const left = files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "latin1")] as const);
  for (const [where, text] of [["stdout", stdout], ["stderr", stderr], ...left] as const) {
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `a secret is in ${where}: ${around(text, secret)}`);
  }
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 300), at + secret.length + 20);
}

test("nothing is given away by a Bot API that fails in every way and an application that tells all it knows", async () => {
  const bot = ["--token-file", tokenFile, GOSSIP, "-w", "1", "--max-attempts", "1", "--inbox", "inbox.sqlite"];
  await using server = start([...bot, ...TRACE, "--api-url", TELLTALE, "--listen", "127.0.0.1:0"]);
  await server.says("that was all");
  const { url } = JSON.parse(server.stderr.split("\n").find((line) => line.includes('"msg":"listening"'))!);
  const pages = ["metrics", "readyz", "healthz"].map(async (path) => (await fetch(`${url}/${path}`)).text());
  const told = (await Promise.all(pages)).join();
  // Killed, it leaves the inbox's write-ahead log.
  server.process.kill("SIGKILL");
  const { stdout, stderr } = await server.exit();
  assert.match(stderr, /imported with <token>/);
  assert.match(stderr, /the application was told nothing/);
  assert.doesNotMatch(stderr, /THE APPLICATION WAS TOLD/);
  assert.equal(new Set(stderr.match(/"msg":"polling failed[^"]*"/g)).size, 1);
  assertSecret({ stdout: stdout + told, stderr });
  for (const args of [
    ["list", "--json"],
    ["show", "1"],
  ]) {
    await using inbox = startHere(["inbox", "--inbox", "inbox.sqlite", ...args]);
    assertSecret(await inbox.exit());
  }
});

const BOT = ["--token-file", tokenFile, GOSSIP, "-w", "1", "--no-inbox", ...TRACE];
const GOOD = ["--api-url", TELLTALE];

/** A command, and the text on standard error after which it gets SIGTERM; without one it ends by itself. */
interface Run extends Pick<RunOptions, "env"> {
  readonly args: readonly string[];
  readonly says?: string;
  /** Arguments for Node.js, with which it is a process of its own. */
  readonly node?: string[];
  /** Its exit code, where that shows how it ended. */
  readonly ends?: number;
}

const TELLTALE_PROXY = `http://ann:${PASSWORD}@127.0.0.1:${api.port}`;
const PROXY = `http://ann:${PASSWORD}@127.0.0.1:1`;
const ENCODED = encodeURIComponent(TOKEN);

/** A defect of the server: its message and the URL in its stack have the token. */
const DEFECT = `() => { throw new Error("a defect: ${TOKEN} ${ENCODED}") }`;

/** Arguments for Node.js that run the code before the server's. */
const running = (code: string) => ["--import", `data:text/javascript,${encodeURIComponent(code)}`];

const RUNS: { readonly [what: string]: Run } = {
  "a name that is none": { args: [...BOT, "--api-url", `http://${"a".repeat(64)}.invalid`], says: "trying again" },
  "a refused connection": { args: [...BOT, "--api-url", NOBODY], says: "trying again" },
  "a server that speaks no TLS": {
    args: [...BOT, "--api-url", TELLTALE.replace("http", "https")],
    says: "trying again",
  },
  "a proxy that does not answer": { args: [...BOT, "--api-url", NOBODY, "--proxy", PROXY], says: "trying again" },
  "a proxy that refuses": { args: [...BOT, "--api-url", NOBODY, "--proxy", TELLTALE_PROXY] },
  "a proxy that fails later": { args: [...BOT, ...GOOD, "--proxy", TELLTALE_PROXY], says: "polling failed" },
  "a proxy in the environment": {
    args: [...BOT, "--api-url", NOBODY],
    env: { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY },
    says: "trying again",
  },
  "a token that is not known": {
    args: [TOKEN.replace("AAE", "AAF"), GOSSIP, ...TRACE, "--api-url", `${TELLTALE}/401`],
  },
  "an application that is not there": { args: [TOKEN, `no/${TOKEN}.ts`, ...GOOD] },
  "a token in the wrong place": { args: [GOSSIP, TOKEN, ...GOOD] },
  "a token for a number": { args: [...BOT, "--workers", TOKEN] },
  "a token in an unknown option": { args: [...BOT, `--toke=${TOKEN}`] },
  "a token in the API server's address": { args: [...BOT, "--api-url", `http://127.0.0.1/bot${TOKEN}?x`] },
  "a token for a file": { args: ["--token-file", TOKEN, GOSSIP] },
  "an encoded token for an application": { args: [TOKEN, `no/${ENCODED}.ts`, ...GOOD] },
  "an encoded token for a number": { args: [...BOT, "--workers", ENCODED] },
  "an encoded token in the API server's address": { args: [...BOT, "--api-url", `http://127.0.0.1/bot${ENCODED}?x`] },
  "an encoded token in the name of a file": { args: ["--token-file", `/run/${ENCODED}`, GOSSIP] },
  "a configuration file that is broken": { args: [...BOT, "--config", brokenConfig] },
  "a password in a proxy that is none": { args: [...BOT, "--proxy", `ftp://ann:${PASSWORD}@127.0.0.1`] },
  "an inbox where none can be": { args: [...BOT.slice(0, -3), ...GOOD, "--inbox", `/proc/${TOKEN}`] },
  "an address that is in use": { args: [...BOT, ...GOOD, "--listen", `127.0.0.1:${api.port}`] },
  "a defect of the server at once": {
    args: [...BOT, "--api-url", NOBODY],
    node: running(`setTimeout(${DEFECT})`),
    ends: 1,
  },
  "a defect of the server that serves": {
    args: [...BOT, ...GOOD],
    says: '"msg":"serving"',
    // Before the server's own listener.
    node: running(`process.once("SIGTERM", ${DEFECT})`),
    ends: 1,
  },
  "the check of a bot": { args: ["check", "--token-file", tokenFile, GOSSIP, ...GOOD] },
  "the check of a bot that cannot be reached": { args: ["check", TOKEN, GOSSIP, "--api-url", NOBODY, "--json"] },
  "the configuration": { args: ["config", TOKEN, GOSSIP, "--proxy", PROXY] },
};

describe("secrets", () => {
  for (const [what, { args, says, env, node, ends }] of Object.entries(RUNS)) {
    test(`nothing is given away by ${what}`, async () => {
      await using asgigram = node === undefined ? startHere(args, env) : start(args, node);
      if (says !== undefined) {
        await asgigram.says(says);
        asgigram.signal("SIGTERM");
      }
      const exit = await asgigram.exit();
      assert.notEqual(exit.stdout + exit.stderr, "");
      if (ends !== undefined) assert.equal(exit.code, ends, exit.stderr);
      assertSecret(exit);
    });
  }
});
