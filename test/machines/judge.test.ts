import assert from "node:assert/strict";
import { test } from "node:test";
import { type Evidence, judge, longestSilence, longestWait, type Verdict, worksIn } from "./judge.ts";
import { faultless } from "./session.ts";

const [S, MS] = [1_000_000, 1000];

/** A line for each piece of work: machine, chat, number, begin and end in seconds. */
function evidence(
  works: readonly (readonly [string, number, number, number, number])[],
  more: Partial<Evidence> = {},
): Evidence {
  const sent = new Map<number, number>();
  for (const [, chat, number] of works) sent.set(chat, Math.max(number, sent.get(chat) ?? 0));
  return {
    works: works.map(([machine, chat, number, begin, end]) => ({
      machine,
      chat,
      number,
      begin: begin * S,
      end: end * S,
    })),
    moves: [],
    pauses: [],
    kills: new Map(),
    stopped: new Set(),
    sent,
    sessions: new Map([...sent].map(([chat, count]) => [chat, faultless(count)])),
    shardOf: (chat) => chat,
    ...more,
  };
}

const counts = ({ lost, disorder, overlap, late, doubled }: Verdict) => [
  lost.length,
  disorder.length,
  overlap.length,
  late.length,
  doubled,
];

test("machines that each have their chats are in order, and a killed one's work is done again", () => {
  const works = [
    ["a", 1, 1, 0, 1],
    ["a", 1, 2, 1, Infinity],
    ["b", 1, 2, 6, 7],
    ["b", 2, 1, 0, 9],
  ] as const;
  assert.deepEqual(counts(judge(evidence(works, { kills: new Map([["a", 2 * S]]) }))), [0, 0, 0, 0, 0]);
});

test("a message that nobody ended is lost", () => {
  assert.deepEqual(judge(evidence([["a", 1, 2, 0, 1]])).lost, ["1/1"]);
});

test("a message that was ended before an earlier one is out of order, and one that was done again is not", () => {
  const works = [
    ["a", 1, 1, 2, 3],
    ["a", 1, 2, 0, 1],
  ] as const;
  assert.deepEqual(judge(evidence(works)).disorder, ["1/2"]);
  const again = [
    ["a", 1, 1, 0, 1],
    ["a", 1, 2, 1, 2],
    ["b", 1, 1, 3, 4],
    ["b", 1, 2, 4, 5],
  ] as const;
  assert.deepEqual(counts(judge(evidence(again))), [0, 0, 0, 0, 2]);
});

test("two machines at one chat overlap, unless one was stopped in the middle of its work", () => {
  const works = [
    ["a", 1, 1, 0, 5],
    ["b", 1, 1, 4, 6],
  ] as const;
  assert.deepEqual(judge(evidence(works)).overlap, ["1/1 on a and 1/1 on b"]);
  assert.deepEqual(judge(evidence(works, { pauses: [{ machine: "a", from: 1 * S }] })).overlap, []);
  assert.equal(judge(evidence(works, { pauses: [{ machine: "b", from: 1 * S }] })).overlap.length, 1);
});

test("what a machine that stopped in order left unfinished lasted until its shard was let go", () => {
  const works = [
    ["a", 1, 1, 1, Infinity],
    ["b", 1, 1, 5, 6],
  ] as const;
  const overlaps = (letGo: number) => {
    const moves = [{ at: letGo * S, shard: 1, machine: undefined }];
    return judge(evidence(works, { stopped: new Set("a"), moves })).overlap.length;
  };
  assert.deepEqual([overlaps(4), overlaps(5.5)], [0, 1]);
});

test("a message that begins when the shard has another owner, or none, is late", () => {
  const moves = [
    { at: 2 * S, shard: 1, machine: "b" },
    { at: 8 * S, shard: 1, machine: undefined },
  ];
  const at = (machine: string, begin: number) =>
    judge(evidence([[machine, 1, 1, begin, begin]], { moves })).late.length;
  assert.deepEqual([at("a", 1), at("a", 3), at("b", 3), at("b", 9)], [0, 1, 0, 1]);
  assert.equal(at("a", 2 + MS / S), 0, "clocks are compared to a millisecond");
});

test("a session that has seen a message twice, too few, or in another order, differs", () => {
  const sent = new Map([[1, 2]]);
  const differs = (session: { count: number; sum: number } | undefined) =>
    judge(evidence([], { sent, sessions: new Map(session === undefined ? [] : [[1, session]]) })).sessions.length;
  assert.deepEqual([differs({ count: 2, sum: 33 }), differs({ count: 2, sum: 63 })], [0, 1]);
  assert.deepEqual([differs(faultless(1)), differs(faultless(3)), differs(undefined)], [1, 1, 1]);
});

test("a message waits until it begins for the first time", () => {
  const works = evidence([
    ["a", 1, 1, 3, 4],
    ["b", 1, 1, 8, 9],
    ["a", 2, 1, 9, 9],
  ]).works;
  assert.equal(longestWait(works, new Map([["1/1", 1 * S]])), 2 * S);
  assert.equal(longestWait(works, new Map([["1/2", 1 * S]])), Infinity);
});

test("the longest silence is that between two beginnings, on any machine, of which a part is between the two times", () => {
  const { works } = evidence([
    ["a", 1, 1, 1, 9],
    ["b", 2, 1, 8, 9],
    ["a", 3, 1, 10, 11],
    ["a", 4, 1, 20, 21],
  ]);
  assert.equal(longestSilence(works, 5 * S, 9 * S), 7 * S);
  assert.equal(longestSilence(works, 9 * S, 10 * S), 2 * S);
  assert.equal(longestSilence(works, 9 * S, 11 * S), 10 * S);
  assert.equal(longestSilence(works, 30 * S, 40 * S), 0);
});

test("the works of a machine are read from its file, also those without an end", () => {
  assert.deepEqual(worksIn("a", "begin 10 7 1 1\nend 20 7 1\nbegin 30 7 2 1\nbeg"), [
    { machine: "a", chat: 7, number: 1, begin: 10, end: 20 },
    { machine: "a", chat: 7, number: 2, begin: 30, end: Infinity },
  ]);
});
