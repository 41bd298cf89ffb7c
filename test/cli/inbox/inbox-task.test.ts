import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readInboxTask } from "../../../src/cli/inbox/inbox-task.ts";
import { ConfigError } from "../../../src/protocol/errors.ts";

/** Parses a line such as `retry --all`. */
function read(line: string) {
  const words = line.split(" ").filter((word) => word !== "" && !word.startsWith("--"));
  return readInboxTask(words, new Set(line.match(/(?<=--)\w+/g)));
}

test("each action takes its arguments", () => {
  assert.deepEqual(read("list"), { action: "list", json: false });
  assert.deepEqual(read("list --json"), { action: "list", json: true });
  assert.deepEqual(read("show 3 --json"), { action: "show", id: 3, json: true });
  assert.deepEqual(read("retry 3"), { action: "retry", which: [3] });
  assert.deepEqual(read("retry 3 14 3"), { action: "retry", which: [3, 14] });
  assert.deepEqual(read("drop --all"), { action: "drop", which: "all" });
});

const WRONG = {
  "": "asgigram inbox needs an action: list, show ID, retry ID and drop ID; see asgigram inbox --help",
  lst: 'asgigram inbox has no action "lst"; did you mean list?',
  Retry: 'asgigram inbox has no action "Retry"; did you mean retry?',
  delete:
    'asgigram inbox has no action "delete": the actions are list, show ID, retry ID and drop ID; see asgigram inbox --help',
  constructor:
    'asgigram inbox has no action "constructor": the actions are list, show ID, retry ID and drop ID; see asgigram inbox --help',
  "list 3": "list takes no ID; to show one dead letter, use asgigram inbox show 3",
  show: "show takes the ID of one dead letter, not 0",
  "show 3 4": "show takes the ID of one dead letter, not 2",
  retry: "retry needs the ID of a dead letter, or --all",
  drop: "drop needs the ID of a dead letter, or --all",
  "retry 3 --all": "retry takes IDs or --all, not both",
  "list --all": "--all is for retry and drop, not for list",
  "drop 3 --json": "--json is for list and show, not for drop",
  "show three": '"three" is not an ID: an ID is a whole number from asgigram inbox list',
  "drop -3": '"-3" is not an ID: an ID is a whole number from asgigram inbox list',
  "drop 1.5": '"1.5" is not an ID: an ID is a whole number from asgigram inbox list',
  "drop 9007199254740993": '"9007199254740993" is not an ID: an ID is a whole number from asgigram inbox list',
};

for (const [line, message] of Object.entries(WRONG)) {
  test(`"${line}" is refused with the remedy`, () => {
    assert.throws(() => read(line), new ConfigError(message));
  });
}

test("any words are a task, or one line about the mistake", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("list", "show", "retry", "drop", "3"));
  const switches = fc.subarray(["all", "json"]);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), switches, (words, on) => {
      try {
        assert.equal(readInboxTask(words, new Set(on)).action, words[0]);
      } catch (error) {
        assert(error instanceof ConfigError, String(error));
        assert.match(error.message, /^\P{Cc}+$/u);
      }
    }),
  );
});
