import assert from "node:assert/strict";
import { test } from "node:test";
import { redirect } from "../../src/sends/redirect.ts";
import type { Sending } from "../../src/sends/sending.ts";

const [GROUP, SUPERGROUP, USER] = [-4242, -1_001_234_567_890, 42];

function redirected(parameters: object, more: Partial<Sending> = {}): Sending | undefined {
  const call = { method: "sendMessage", lane: "lane", body: JSON.stringify(parameters), coalesce: "key" };
  return redirect({ call, succeeded: () => {}, failed: () => {}, ...more }, SUPERGROUP);
}

test("a call to a group goes to the supergroup, in its old lane", () => {
  const { call } = redirected({ chat_id: GROUP, text: "hello" })!;
  assert.deepEqual(JSON.parse(call.body), { chat_id: SUPERGROUP, text: "hello" });
  assert.deepEqual([call.lane, call.coalesce], ["lane", "key"]);
});

test("a call that names no group, or two, is not redirected", () => {
  for (const parameters of [
    { chat_id: USER },
    { chat_id: SUPERGROUP },
    { chat_id: "@channel" },
    {},
    { chat_id: GROUP, from_chat_id: GROUP - 1 },
    { chat_id: GROUP, reply_parameters: { chat_id: GROUP - 1 } },
  ]) {
    assert.equal(redirected(parameters), undefined, JSON.stringify(parameters));
  }
});

test("bulk stays bulk, and the caller gets the outcome", () => {
  const course: unknown[] = [];
  const sending = redirected(
    { chat_id: GROUP },
    {
      isBulk: true,
      succeeded: (answer) => void course.push(answer),
      failed: (error, isGivenUp) => void course.push(error, isGivenUp),
      delayed: () => void course.push("delayed"),
      superseded: () => void course.push("superseded"),
    },
  )!;
  sending.succeeded("yes");
  sending.failed("no", true);
  sending.delayed!();
  sending.superseded!();
  assert.deepEqual(course, ["yes", "no", true, "delayed", "superseded"]);
  assert.equal(sending.isBulk, true);
  assert.equal(redirected({ chat_id: GROUP })!.isBulk, false);
});
