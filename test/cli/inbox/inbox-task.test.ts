import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readInboxTask } from "../../../src/cli/inbox/inbox-task.ts";
import { ConfigError } from "../../../src/protocol/errors.ts";

/** Of a line such as `retry --all`. */
function read(line: string) {
  const words = line.split(" ").filter((word) => word !== "" && !word.startsWith("--"));
  return readInboxTask(words, new Set(line.match(/(?<=--)\w+/g)));
}

test("each action with what belongs to it", () => {
  assert.deepEqual(read("list"), { action: "list", json: false });
  assert.deepEqual(read("list --json"), { action: "list", json: true });
  assert.deepEqual(read("show 3 --json"), { action: "show", id: 3, json: true });
  assert.deepEqual(read("retry 3"), { action: "retry", which: [3] });
  assert.deepEqual(read("retry 3 14 3"), { action: "retry", which: [3, 14] });
  assert.deepEqual(read("drop --all"), { action: "drop", which: "all" });
});

const WRONG = {
  "": "asgigram inbox needs an action: list, show ID, retry ID and drop ID; asgigram inbox --help tells more",
  lst: '"lst" is no action of asgigram inbox; did you mean list?',
  Retry: '"Retry" is no action of asgigram inbox; did you mean retry?',
  delete:
    '"delete" is no action of asgigram inbox: there are list, show ID, retry ID and drop ID; asgigram inbox --help tells more',
  constructor:
    '"constructor" is no action of asgigram inbox: there are list, show ID, retry ID and drop ID; asgigram inbox --help tells more',
  "list 3": "list shows all of them; one is shown by asgigram inbox show 3",
  show: "show takes the ID of one dead letter, not 0",
  "show 3 4": "show takes the ID of one dead letter, not 2",
  retry: "retry needs the ID of a dead letter, or --all",
  drop: "drop needs the ID of a dead letter, or --all",
  "retry 3 --all": "retry takes IDs or --all, not both",
  "list --all": "--all goes with retry and drop, not with list",
  "drop 3 --json": "--json goes with list and show, not with drop",
  "show three": '"three" is no ID: it must be a whole number, as asgigram inbox list shows it',
  "drop -3": '"-3" is no ID: it must be a whole number, as asgigram inbox list shows it',
  "drop 1.5": '"1.5" is no ID: it must be a whole number, as asgigram inbox list shows it',
  "drop 9007199254740993": '"9007199254740993" is no ID: it must be a whole number, as asgigram inbox list shows it',
};

for (const [line, message] of Object.entries(WRONG)) {
  test(`"${line}" is refused, and what is right is told`, () => {
    assert.throws(() => read(line), new ConfigError(message));
  });
}

test("whatever the words, they are a task or a line about what is wrong with them", () => {
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
