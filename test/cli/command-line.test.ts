import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS, FLAGS } from "../../src/cli/command-table.ts";
import { flagOf, optionAt } from "../../src/config/options.ts";
import { ConfigError } from "../../src/protocol/errors.ts";

async function flagsOf(line: string): Promise<unknown> {
  const invocation = await parseCommandLine(line.split(" "));
  assert("flags" in invocation, line);
  return invocation.flags;
}

const refuses = (line: string, message: string) =>
  assert.rejects(parseCommandLine(line.split(" ")), new ConfigError(message));

/** The parsed command line without empty fields. */
async function typed(line: string): Promise<unknown> {
  const invocation = await parseCommandLine(line.split(" "));
  assert("words" in invocation, line);
  const { wants, flags, presets, defaults, words, switches, values } = invocation;
  return {
    wants,
    flags,
    ...(Object.keys(presets).length > 0 && { presets }),
    ...(Object.keys(defaults).length > 0 && { defaults }),
    ...(words.length > 0 && { words }),
    ...(switches.size > 0 && { switches: [...switches] }),
    ...(values.size > 0 && { values: Object.fromEntries(values) }),
  };
}

test("one argument is the application, two are the token and the application", async () => {
  assert.deepEqual(await flagsOf("bot.ts:app"), { application: "bot.ts:app" });
  assert.deepEqual(await flagsOf("1:a bot.ts"), { token: "1:a", application: "bot.ts" });
  await refuses("1:a b c", "too many arguments (3): expected <token> <application> at most");
});

test("the word serve is optional, and an empty line serves, too", async () => {
  const serve = { wants: "serve", flags: { token: "1:a", application: "bot.ts" } };
  assert.deepEqual(await typed("serve 1:a bot.ts"), serve);
  assert.deepEqual(await typed("1:a bot.ts"), serve);
  assert.equal((await parseCommandLine([])).wants, "serve");
});

test("simulate takes no token, overrides the options of the real bot, and has a default of its own", async () => {
  assert.deepEqual(await typed("-w 2 simulate bot.ts"), {
    wants: "simulate",
    flags: { workers: "2", application: "bot.ts" },
    presets: { inbox: false, listen: false, local: false, proxy: false, family: "auto", webhook: false },
    defaults: { logLevel: "warn" },
  });
  await refuses("simulate 1:a bot.ts", "too many arguments (2): expected <application> at most");
  for (const flag of ["--api-url", "--token-file", "--local", "--proxy", "--family"]) {
    await refuses(`simulate bot.ts ${flag}=x`, `unknown option ${flag}; asgigram simulate --help lists them all`);
  }
});

test("inbox takes words and switches of its own, and the options that find the inbox", async () => {
  assert.deepEqual(await typed("--inbox x.sqlite inbox --json show 3"), {
    wants: "inbox",
    flags: { inbox: "x.sqlite" },
    words: ["show", "3"],
    switches: ["json"],
  });
  assert.deepEqual(await typed("inbox retry --all --token-file t --config c"), {
    wants: "inbox",
    flags: { tokenFile: "t", config: "c" },
    words: ["retry"],
    switches: ["all"],
  });
  assert.deepEqual(await typed("inbox retry --all=no"), { wants: "inbox", flags: {}, words: ["retry"] });
  assert.deepEqual(await typed("inbox list --since 2h --error=no --chat -1001"), {
    wants: "inbox",
    flags: {},
    words: ["list"],
    values: { since: "2h", error: "no", chat: "-1001" },
  });
  assert.deepEqual(await typed("inbox forget -1001"), { wants: "inbox", flags: {}, words: ["forget", "-1001"] });
  for (const flag of ["--chat", "--no-chat", "--chat="]) await refuses(`inbox list ${flag}`, "--chat needs a value");
  await refuses("serve bot.ts --chat 7", "unknown option --chat; asgigram --help lists them all");
  await refuses("inbox retry --all=perhaps", '--all is "perhaps": it must be yes or no');
  await refuses("inbox retry --al", "unknown option --al; did you mean --all?");
  await refuses("inbox list --jsn", "unknown option --jsn; did you mean --json?");
  await refuses("inbox list -w 3", "unknown option --workers; asgigram inbox --help lists them all");
  await refuses("bot.ts --all", "unknown option --all; did you mean --allowed-updates?");
});

test("--listen has an optional value, which must be an address", async () => {
  assert.deepEqual(await flagsOf("--listen bot.ts"), { listen: "127.0.0.1:8082", application: "bot.ts" });
  assert.deepEqual(await flagsOf("bot.ts --listen"), { listen: "127.0.0.1:8082", application: "bot.ts" });
  assert.deepEqual(await flagsOf("--listen :80 bot.ts"), { listen: ":80", application: "bot.ts" });
  // A malformed address is refused later, as an address.
  assert.deepEqual(await flagsOf("--listen :99999 bot.ts"), { listen: ":99999", application: "bot.ts" });
  assert.deepEqual(await flagsOf("--listen=[::1]:80 bot.ts"), { listen: "[::1]:80", application: "bot.ts" });
});

test("every flag has its text, by its long and its short name; an absent flag has none", async () => {
  for (const key of FLAGS) {
    const { alias, type } = optionAt(key);
    assert.deepEqual(await flagsOf(`--${flagOf(key)}=007 app`), { [key]: "007", application: "app" });
    if (type !== "boolean")
      assert.deepEqual(await flagsOf(`--${flagOf(key)} 007 app`), { [key]: "007", application: "app" });
    if (alias !== undefined) assert.deepEqual(await flagsOf(`-${alias} 007 app`), { [key]: "007", application: "app" });
  }
});

test("a switch takes no word after it", async () => {
  assert.deepEqual(await flagsOf("--drop-pending bot.ts"), { dropPending: "true", application: "bot.ts" });
  assert.deepEqual(await flagsOf("--no-drop-pending bot.ts"), { dropPending: false, application: "bot.ts" });
});

test("--no- turns an option off; an option without its value is empty", async () => {
  assert.deepEqual(await flagsOf("--no-inbox bot.ts"), { inbox: false, application: "bot.ts" });
  assert.deepEqual(await flagsOf("bot.ts --inbox"), { inbox: "", application: "bot.ts" });
});

test("the last value of a repeated option takes precedence; lists add up", async () => {
  assert.deepEqual(await flagsOf("-w 2 --workers 3"), { workers: "3" });
  assert.deepEqual(await flagsOf("--allowed-updates a,b --allowed-updates c"), { allowedUpdates: "a,b,c" });
  assert.deepEqual(await flagsOf("--import tsx --import ./a.mjs"), { import: "tsx,./a.mjs" });
  assert.deepEqual(await flagsOf("--urgent /stop --urgent /cancel"), { urgent: "/stop,/cancel" });
});

test("-v has a number, as in the Python asgigram, or is repeated", async () => {
  assert.deepEqual(await flagsOf("-v 2 bot.ts"), { verbosity: "2", application: "bot.ts" });
  assert.deepEqual(await flagsOf("-v bot.ts"), { verbosity: "2", application: "bot.ts" });
  assert.deepEqual(await flagsOf("-vv bot.ts"), { verbosity: "3", application: "bot.ts" });
  assert.deepEqual(await flagsOf("-v bot.ts -v"), { verbosity: "3", application: "bot.ts" });
  assert.deepEqual(await flagsOf("-vvvvv bot.ts"), { verbosity: "3", application: "bot.ts" });
});

test("a word after -- is an argument", async () => {
  assert.deepEqual(await flagsOf("-- -v"), { application: "-v" });
});

test("any unknown option is refused with a guess", async () => {
  await refuses("--wrokers 3", "unknown option --wrokers; did you mean --workers?");
  await refuses("--token 1:a app", "unknown option --token; did you mean --token-file?");
  await refuses("-x app", "unknown option -x; asgigram --help lists them all");
  await refuses("--constructor=3", "unknown option --constructor; asgigram --help lists them all");
});

test("a misspelt command is refused with a guess; with an export, or as a path, it is an application", async () => {
  const meaning = (word: string) => `(An application of that name is ${word}:application.)`;
  await refuses("serv bot.ts", `there is no command "serv"; did you mean serve? ${meaning("serv")}`);
  await refuses("inbx list --all", `there is no command "inbx"; did you mean inbox? ${meaning("inbx")}`);
  await refuses("help", `there is no command "help"; did you mean --help? ${meaning("help")}`);
  assert.deepEqual(await flagsOf("serv:bot"), { application: "serv:bot" });
  assert.deepEqual(await flagsOf("./serv"), { application: "./serv" });
  assert.deepEqual(await flagsOf("bot"), { application: "bot" });
});

test("every command has --help and --version", async () => {
  for (const [name, { about }] of Object.entries(COMMANDS)) {
    const invocation = await parseCommandLine([name, "--help"]);
    assert(invocation.wants === "text" && invocation.text.includes(about), name);
    assert.deepEqual(await parseCommandLine([name, "--version"]), { wants: "version" });
  }
});

test("--help and --version work on a line with mistakes", async () => {
  assert.equal((await parseCommandLine(["--version", "--wrokers"])).wants, "version");
  assert.equal((await parseCommandLine(["-h", "a", "b", "c"])).wants, "text");
});

test("any line is parsed or refused", async () => {
  const names = [
    ...FLAGS.map((key) => `--${flagOf(key)}`),
    "-v",
    "-w",
    "--",
    "--no-inbox",
    "simulate",
    "inbox",
    "list",
    "--all",
    "--version",
  ];
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(...names),
    fc.string().map((text) => `--${text}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
      await parseCommandLine(argv).catch((error) => assert(error instanceof ConfigError, String(error)));
    }),
  );
});
