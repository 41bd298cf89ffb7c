import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Asgigram } from "../asgigram.ts";
import { BotApiStandIn, TOKEN } from "../bot-api-stand-in.ts";
import { runHere } from "../in-process.ts";

const api = await BotApiStandIn.start();
const folder = await mkdtemp(join(tmpdir(), "asgigram-serve-"));
after(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const FILES = {
  "package.json": '{ "type": "module" }',
  "good.ts":
    "export const application = async (scope: object, receive: () => Promise<object>) => void (await receive());",
  "wrong.ts": "export const application = 3; export const handler = 4;",
  "throws.ts": 'throw new Error("no database");',
  "enum.ts": "enum Colour { Red } export const application = async () => void Colour.Red;",
  "failing.ts": `export const application = async (scope, receive, send) => {
    if (scope.type === "lifespan") await send({ type: "lifespan.startup.failed", message: "no database" });
  };`,
  file: "",
};
for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);

const OPTIONS = { cwd: folder, env: { ASGIGRAM_TOKEN: TOKEN, ASGIGRAM_API_URL: api.url, ASGIGRAM_WORKERS: "1" } };

const WRONG: { [what: string]: { args: string[]; says: RegExp; exits: number } } = {
  "a file that is not there": { args: ["god.ts"], says: /^asgigram: no such file: .*god\.ts/m, exits: 3 },
  "an export that is not there": {
    args: ["good.ts:aplication"],
    says: /good\.ts has no export "aplication"; did you mean "application"\?/,
    exits: 3,
  },
  "an export that is no function": {
    args: ["wrong.ts"],
    says: /"application" in wrong\.ts is a number: an application is a function/,
    exits: 3,
  },
  "a module that throws": {
    args: ["throws.ts"],
    says: /throws\.ts could not be imported: it threw Error: no database\n.*throws\.ts:1/s,
    exits: 3,
  },
  "TypeScript that cannot be stripped": {
    args: ["enum.ts"],
    says: /enum\.ts could not be imported: .*run it with --import tsx, or run the compiled file/s,
    exits: 3,
  },
  "a start that fails": { args: ["failing.ts"], says: /^asgigram: .*no database/m, exits: 3 },
  "a token that Telegram does not know": {
    args: ["987654321:BBE-abcdefghijklmnopqrstuvwxyz_0123", "good.ts"],
    says: /^asgigram: .*token/m,
    exits: 4,
  },
  "an inbox in a folder that is none": {
    args: ["good.ts", "--inbox", "file/inbox.sqlite"],
    says: /^asgigram: .*file\/inbox\.sqlite/m,
    exits: 5,
  },
  // Even root cannot create a file there.
  "an inbox in a folder that cannot be written": {
    args: ["good.ts", "--inbox", "/proc/inbox.sqlite"],
    says: /^asgigram: .*\/proc/m,
    exits: 5,
  },
};

for (const [what, { args, says, exits }] of Object.entries(WRONG)) {
  test(`${what} is a message with the remedy and exit code ${exits}`, async () => {
    const { code, stderr } = await runHere(args, OPTIONS);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /AAE|BBE/);
    assert.equal(code, exits, stderr);
  });
}

test("an inbox that another process uses is exit code 5", async () => {
  await using first = new Asgigram(["good.ts", "--inbox", "shared.sqlite"], OPTIONS);
  await first.says("serving");
  const { code, stderr } = await runHere(["good.ts", "--inbox", "shared.sqlite"], OPTIONS);
  assert.match(stderr, /^asgigram: .*shared\.sqlite/m);
  assert.equal(code, 5, stderr);
  first.process.kill();
  await first.exit();
});

test("the token on the command line is not in the list of processes, and SIGTERM ends the server cleanly", {
  skip: process.platform !== "linux" && "/proc is Linux's",
}, async () => {
  await using server = new Asgigram([TOKEN, "good.ts", "--no-inbox"], OPTIONS);
  await server.says("serving");
  const shown = await readFile(`/proc/${server.process.pid}/cmdline`, "utf8");
  assert.match(shown, /^asgigram\0*$/);
  server.process.kill();
  assert.equal((await server.exit()).code, 0);
});
