import assert from "node:assert/strict";
import { test } from "node:test";
import { splitArguments } from "../../src/cli/arguments.ts";

const split = (line: string) => splitArguments(line.split(" "));

test("flags are told from other words, by their long names and as text", () => {
  assert.deepEqual(split("1:a bot.ts -w 007 --config=c"), {
    words: ["1:a", "bot.ts"],
    flags: { workers: "007", config: "c" },
  });
  assert.deepEqual(split("12 13"), { words: ["12", "13"], flags: {} });
});

test("what takes no word behind it takes none, whatever command it belongs to", () => {
  assert.deepEqual(split("--drop-pending bot.ts"), { words: ["bot.ts"], flags: { "drop-pending": "true" } });
  assert.deepEqual(split("inbox --json show"), { words: ["inbox", "show"], flags: { json: "true" } });
  assert.deepEqual(split("--listen bot.ts"), { words: ["bot.ts"], flags: { listen: "127.0.0.1:8082" } });
});

test("what is there several times is a list", () => {
  assert.deepEqual(split("-w 1 -w 2").flags, { workers: ["1", "2"] });
});

test("behind -- there are no flags", () => {
  assert.deepEqual(split("-- -w --json"), { words: ["-w", "--json"], flags: {} });
});
