import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { run } from "./asgigram.ts";
import { runHere } from "./in-process.ts";

const TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";

const folder = await mkdtemp(join(tmpdir(), "asgigram-usage-"));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "token"), `${TOKEN} and more\n`);
await writeFile(join(folder, "conf.json"), '{ "worker": 3 }');

test("--help fits 80 columns, shows three examples, and is no error", async () => {
  for (const exit of [run(["--help"]), runHere(["simulate", "-h"])]) {
    const { code, stdout, stderr } = await exit;
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert(stdout.split("\n").every((line) => line.length <= 80));
    assert.equal(stdout.split("Examples:\n")[1]!.trim().split("\n").length, 3);
  }
});

test("--version shows the versions of asgigram, Node.js and the Bot API", async () => {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  const { code, stdout } = await runHere(["--version"]);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^asgigram ${version}\nNode\\.js ${process.versions.node}\nBot API \\d+\\.\\d+\n$`));
});

const WRONG: { [what: string]: { args: string[]; env?: { [name: string]: string }; says: RegExp } } = {
  "no application": { args: [], says: /no application given: name it, as in asgigram path\/to\/app\.ts:application/ },
  "no token": { args: ["bot.ts"], says: /no bot token given: set ASGIGRAM_TOKEN, or .* --token-file/ },
  "a malformed token": {
    args: [`${TOKEN}!`, "bot.ts"],
    says: /the argument <token> is not a bot token: a token is digits, a colon/,
  },
  "a malformed token in the environment": {
    args: ["bot.ts"],
    env: { ASGIGRAM_TOKEN: `bot${TOKEN}` },
    says: /ASGIGRAM_TOKEN is not a bot token/,
  },
  "a token file with more than the token": {
    args: ["--token-file", "token", "bot.ts"],
    says: /token \(--token-file\) is not a bot token/,
  },
  "a token file that is not there": {
    args: ["--token-file", "tokn", "bot.ts"],
    says: /--token-file is .*tokn, which does not exist: check the path/,
  },
  "a token in the place of the application": {
    args: [TOKEN],
    says: /the application looks like a bot token: write asgigram \[token\] <application>/,
  },
  "an unknown option": {
    args: ["--wrokers", "3", "bot.ts"],
    says: /unknown option --wrokers; did you mean --workers\?/,
  },
  "a token as an option": {
    args: ["--token", TOKEN, "bot.ts"],
    says: /unknown option --token; did you mean --token-file\?/,
  },
  "a bad number": {
    args: [TOKEN, "bot.ts", "-w", "many"],
    says: /--workers is "many": it must be a whole number from 1 to 256/,
  },
  "a bad number in the environment": {
    args: [TOKEN, "bot.ts"],
    env: { ASGIGRAM_SHUTDOWN_TIMEOUT: "8s" },
    says: /ASGIGRAM_SHUTDOWN_TIMEOUT is "8s": it must be a number of seconds from 0/,
  },
  "an address with the token in it": {
    args: [TOKEN, "bot.ts", "--api-url", `tg:${TOKEN}`],
    says: /--api-url is .*<token>.*: it must be an http or https URL/,
  },
  "a configuration file that is not there": {
    args: [TOKEN, "bot.ts", "--config", "c.json"],
    says: /--config is .*c\.json, which does not exist/,
  },
  "an unknown key in the configuration file": {
    args: [TOKEN, "bot.ts", "--config", "conf.json"],
    says: /unknown option worker in .*conf\.json; did you mean workers\?/,
  },
  "a misspelt command": {
    args: ["serv", "bot.ts"],
    says: /there is no command "serv"; did you mean serve\? \(An application of that name is serv:application\.\)/,
  },
  "a misspelt command, alone": { args: ["simulat"], says: /there is no command "simulat"; did you mean simulate\?/ },
  "too many arguments": {
    args: ["bot.ts", TOKEN, "x"],
    says: /too many arguments \(3\): expected <token> <application> at most/,
  },
};

for (const [what, { args, env = {}, says }] of Object.entries(WRONG)) {
  test(`${what} is one line with the remedy, no token, and exit code 2`, async () => {
    // One in a process of its own is enough.
    const start = what === "no application" ? run : runHere;
    const { code, stdout, stderr } = await start(args, { cwd: folder, env });
    assert.match(stderr, /^asgigram: .+\n$/);
    assert.match(stderr, says);
    assert.doesNotMatch(stdout + stderr, /AAE/);
    assert.equal(code, 2);
  });
}
