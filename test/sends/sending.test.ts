import assert from "node:assert/strict";
import { test } from "node:test";
import { Merged, type Sending } from "../../src/sends/sending.ts";

/** A call that writes down what becomes of it. */
function sending(name: string, course: string[], isBulk?: boolean): Sending {
  return {
    call: { method: "editMessageText", lane: "1", body: name },
    ...(isBulk === undefined ? {} : { isBulk }),
    succeeded: (answer) => void course.push(`${name}: ${answer}`),
    failed: (error, isGivenUp) => void course.push(`${name}: ${error}, ${isGivenUp}`),
    delayed: () => void course.push(`${name} waits`),
    superseded: () => void course.push(`${name} is superseded`),
  };
}

test("merged calls make the newest, and all get its outcome, the oldest first", () => {
  const course: string[] = [];
  const [one, two, three] = ["one", "two", "three"].map((name) => sending(name, course));
  const merged = new Merged(new Merged(one!, two!), three!);
  assert.equal(merged.call.body, "three");
  merged.delayed();
  merged.succeeded("yes");
  merged.failed("no", true);
  merged.superseded();
  assert.deepEqual(course, [
    ...["one waits", "two waits", "three waits"],
    ...["one: yes", "two: yes", "three: yes"],
    ...["one: no, true", "two: no, true", "three: no, true"],
    "three is superseded",
  ]);
});

test("merged calls are bulk only if all of them are", () => {
  const merge = (older?: boolean, newer?: boolean) =>
    new Merged(sending("older", [], older), sending("newer", [], newer));
  assert.equal(merge(true, true).isBulk, true);
  for (const [older, newer] of [
    [true, false],
    [false, true],
    [true, undefined],
    [undefined, true],
  ] as const) {
    assert.equal(merge(older, newer).isBulk, false);
  }
});
