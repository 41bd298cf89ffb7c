import assert from "node:assert/strict";
import { test } from "node:test";
import { splitArguments } from "../../src/cli/arguments.ts";

const split = (line: string) => splitArguments(line.split(" "));

test("flags are separated from other words, by long name and as text", () => {
  assert.deepEqual(split("1:a bot.ts -w 007 --config=c"), {
    words: ["1:a", "bot.ts"],
    flags: { workers: "007", config: "c" },
  });
  assert.deepEqual(split("12 13"), { words: ["12", "13"], flags: {} });
});

test("a flag without a value takes no word after it, for any command", () => {
  assert.deepEqual(split("--drop-pending bot.ts"), { words: ["bot.ts"], flags: { "drop-pending": "true" } });
  assert.deepEqual(split("inbox --json show"), { words: ["inbox", "show"], flags: { json: "true" } });
  assert.deepEqual(split("--listen bot.ts"), { words: ["bot.ts"], flags: { listen: "127.0.0.1:8082" } });
});

test("a --listen that is the command's own needs its address", () => {
  assert.deepEqual(split("simulator --listen --allow-host a").flags, { listen: true, "allow-host": "a" });
});

test("a repeated flag is a list", () => {
  assert.deepEqual(split("-w 1 -w 2").flags, { workers: ["1", "2"] });
});

test("words after -- are no flags", () => {
  assert.deepEqual(split("-- -w --json"), { words: ["-w", "--json"], flags: {} });
});
