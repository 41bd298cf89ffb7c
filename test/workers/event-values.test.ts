import assert from "node:assert/strict";
import { test } from "node:test";
import { EventValues } from "../../workers/event-values.ts";

const HOUR = 3_600_000;
const stored = (json: string, written_at = 10 * HOUR) => ({ json, line: "chat:1", written_at });

test("without a write there is nothing for the settlement", () => {
  const values = new EventValues();
  assert.equal(values.writes(1, "chat:1"), undefined);
  values.read("a", stored("1"));
  assert.equal(values.writes(1, "chat:1"), undefined);
});

test("the settlement has the last write of each key, with the event's number and line", () => {
  const values = new EventValues();
  values.write("a", "1");
  values.write("b", "2");
  values.write("a", undefined);
  assert.deepEqual(values.writes(5, "chat:1"), [
    { key: "a", json: undefined, seq: 5, line: "chat:1" },
    { key: "b", json: "2", seq: 5, line: "chat:1" },
  ]);
  assert.deepEqual([values.hasWritten("a"), values.written("a"), values.written("b")], [true, undefined, "2"]);
});

test("a write is needless if the event has read the same, and has not written meanwhile", () => {
  const values = new EventValues();
  const isNeedless = (key: string, json: string | undefined, since = 10 * HOUR) => values.isNeedless(key, json, since);
  assert.deepEqual([isNeedless("a", "1"), isNeedless("a", undefined)], [false, false], "nothing was read");
  values.read("a", stored("1"));
  values.read("b", undefined);
  assert.deepEqual([values.hasRead("a"), values.hasRead("b"), values.hasRead("c")], [true, true, false]);
  assert.deepEqual([isNeedless("a", "1"), isNeedless("a", "2"), isNeedless("a", undefined)], [true, false, false]);
  assert.deepEqual([isNeedless("b", undefined), isNeedless("b", "1")], [true, false]);
  assert.equal(isNeedless("a", "1", 10 * HOUR + 1), false, "the value is to count as used");
  values.write("a", "2");
  assert.equal(isNeedless("a", "1"), false);
});
