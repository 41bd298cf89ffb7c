import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readInboxTask } from "../../../src/cli/inbox/inbox-task.ts";
import { ConfigError } from "../../../src/protocol/errors.ts";

const NOW = Date.UTC(2026, 4, 8);

/** Parses a line such as `retry --all`. Flags with a value have an equals sign: `--chat=7`. */
function read(line: string) {
  const words = line.split(" ").filter((word) => word !== "" && !word.startsWith("--"));
  const values = new Map([...line.matchAll(/--(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
  return readInboxTask(words, new Set(line.match(/(?<=--)\w+(?!\w*=)/g)), values, NOW);
}

test("each action takes its arguments", () => {
  assert.deepEqual(read("list"), { action: "list", filter: {}, json: false });
  assert.deepEqual(read("list --json"), { action: "list", filter: {}, json: true });
  assert.deepEqual(read("show 3 --json"), { action: "show", id: 3, json: true });
  assert.deepEqual(read("retry 3"), { action: "retry", which: [3] });
  assert.deepEqual(read("retry 3 --fresh"), { action: "retry", which: [3], fresh: true });
  assert.deepEqual(read("retry 3 14 3"), { action: "retry", which: [3, 14] });
  assert.deepEqual(read("drop --all"), { action: "drop", which: {} });
  assert.deepEqual(read("forget 7"), { action: "forget", chat: 7 });
  assert.deepEqual(read("forget -1001234567890"), { action: "forget", chat: -1001234567890 });
});

test("filters choose dead letters by their time, their reason and their chat", () => {
  const filter = { since: NOW - 2 * 3_600_000, error: "ECONN", chat: -7 };
  assert.deepEqual(read("list --since=2h --error=ECONN --chat=-7"), { action: "list", filter, json: false });
  assert.deepEqual(read("retry --error=ECONN"), { action: "retry", which: { error: "ECONN" } });
  assert.deepEqual(read("drop --chat=7"), { action: "drop", which: { chat: 7 } });
});

test("--since is a span of time before now, or a date, which is local without a zone", () => {
  const since = (word: string) => {
    const task = read(`list --since=${word}`);
    return task.action === "list" ? task.filter.since : undefined;
  };
  const spans = { "90s": 90_000, "30m": 1_800_000, "2h": 7_200_000, "7d": 604_800_000 };
  for (const [word, span] of Object.entries(spans)) assert.equal(since(word), NOW - span, word);
  assert.equal(since("2026-05-01T14:30Z"), Date.UTC(2026, 4, 1, 14, 30));
  assert.equal(since("2026-05-01T14:30"), new Date(2026, 4, 1, 14, 30).getTime());
  assert.equal(since("2026-05-01"), new Date(2026, 4, 1).getTime());
});

const WRONG = {
  "": "asgigram inbox needs an action: list, show ID, retry ID, drop ID, forget CHAT, migrate and copy FROM TO; see asgigram inbox --help",
  lst: 'asgigram inbox has no action "lst"; did you mean list?',
  Retry: 'asgigram inbox has no action "Retry"; did you mean retry?',
  delete:
    'asgigram inbox has no action "delete": the actions are list, show ID, retry ID, drop ID, forget CHAT, migrate and copy FROM TO; see asgigram inbox --help',
  constructor:
    'asgigram inbox has no action "constructor": the actions are list, show ID, retry ID, drop ID, forget CHAT, migrate and copy FROM TO; see asgigram inbox --help',
  "list 3": "list takes no ID; to show one dead letter, use asgigram inbox show 3",
  show: "show takes the ID of one dead letter, not 0",
  "show 3 4": "show takes the ID of one dead letter, not 2",
  retry: "retry needs the ID of a dead letter, or --all; --since, --error and --chat choose some",
  drop: "drop needs the ID of a dead letter, or --all; --since, --error and --chat choose some",
  "retry 3 --chat=7": "retry takes IDs, --all, or --since, --error and --chat: one of the three",
  "drop --all --since=2h": "drop takes IDs, --all, or --since, --error and --chat: one of the three",
  "show 3 --chat=7": "--chat is for list, retry and drop, not for show",
  "list --since=yesterday": '--since "yesterday" is no time: write 30m, 2h, 7d or a date such as 2026-05-01T14:30',
  "list --chat=ann": '"ann" is not the id of a chat: it is a whole number, negative for a group',
  forget: "forget takes the id of one chat, not 0",
  "forget 7 8": "forget takes the id of one chat, not 2",
  "forget @ann": '"@ann" is not the id of a chat: it is a whole number, negative for a group',
  "forget 7 --all": "--all is for retry and drop, not for forget",
  "retry 3 --all": "retry takes IDs or --all, not both",
  "list --all": "--all is for retry and drop, not for list",
  "drop 3 --fresh": "--fresh is for retry, not for drop",
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
  const word = fc.oneof(fc.string(), fc.constantFrom("list", "show", "retry", "drop", "forget", "3"));
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
