import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { COMMANDS, FLAGS } from "../../src/cli/command-table.ts";
import { completionsOf } from "../../src/cli/completion.ts";
import { flagOf, OPTIONS } from "../../src/config/options.ts";

/** @param line a bar marks the start of the unfinished word */
const after = (line: string) => completionsOf(`asgigram ${line}`.split(/ \||\|| /));

test("commands are offered as the first word only", async () => {
  assert.deepEqual(await after("|"), Object.keys(COMMANDS));
  assert.deepEqual(await after("-w 4 |"), Object.keys(COMMANDS));
  assert.deepEqual(await after("bot.ts |"), []);
  assert.deepEqual(await after("simulate |"), []);
});

test("each command has its own flags and actions", async () => {
  const flags = FLAGS.map((key) => `--${flagOf(key)}`);
  assert.deepEqual(await after("|--"), [...flags, "--help", "--version"]);
  assert.deepEqual(await after("inbox |--"), [
    "--inbox",
    "--inbox-password-file",
    "--inbox-password-command",
    "--token-file",
    "--config",
    "--all",
    "--fresh",
    "--json",
    "--since",
    "--error",
    "--chat",
    "--help",
    "--version",
  ]);
  assert(!(await after("simulate |--")).includes("--proxy"));
  assert.deepEqual(await after("inbox |"), ["list", "show", "retry", "drop", "forget", "migrate", "copy"]);
  assert.deepEqual(await after("--config x inbox --json |"), [
    "list",
    "show",
    "retry",
    "drop",
    "forget",
    "migrate",
    "copy",
  ]);
  assert.deepEqual(await after("inbox list |"), []);
});

test("the values of a flag are offered after it, also after =; none for text, which may be a file", async () => {
  const { choices } = OPTIONS.logLevel;
  assert.deepEqual(await after("--log-level |"), choices);
  assert.deepEqual(await after("--log-level = |w"), ["warn"]);
  assert.deepEqual(await after("config --log-level |"), choices);
  assert.deepEqual(await after("--token-file |"), []);
  assert.deepEqual(await after("-w |"), []);
  assert.deepEqual(await after("inbox list --chat |"), []);
  assert.deepEqual(await after("--drop-pending |"), Object.keys(COMMANDS));
  assert.deepEqual(await after("-- |"), []);
});

test("any line is answered with a list of words", async () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("asgigram", "inbox", "config", "--", "--log-level", "-w", "="));
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (line) => {
      for (const offered of await completionsOf(line)) assert.equal(typeof offered, "string");
    }),
  );
});
