import assert from "node:assert/strict";
import { test } from "node:test";
import { NetworkError, TelegramError, TokenRejectedError } from "../../src/protocol/errors.ts";
import { retryUntilReachable } from "../../src/telegram/retry-until-reachable.ts";

const never = new AbortController().signal;
const unreachable = new NetworkError("getMe", "none", "ECONNREFUSED");

test("a call is made until it succeeds, and each failure is reported", async () => {
  const told: unknown[] = [];
  const answers = [() => Promise.reject(unreachable), () => Promise.reject(unreachable), async () => "here"];
  const result = await retryUntilReachable(
    () => answers.shift()!(),
    never,
    (error) => told.push(error),
  );
  assert.deepEqual([result, told], ["here", [unreachable, unreachable]]);
});

test("a final refusal ends the retries", async () => {
  const refused = () => Promise.reject(new TelegramError("getMe", 401, "Unauthorized"));
  await assert.rejects(retryUntilReachable(refused, never, assert.fail), TokenRejectedError);
});

test("the signal ends the retries, during a call and between calls", async () => {
  const reason = new Error("not wanted any more");
  const calling = new AbortController();
  const aborted = () => {
    calling.abort(reason);
    return Promise.reject(unreachable);
  };
  await assert.rejects(retryUntilReachable(aborted, calling.signal, assert.fail), reason);
  const waiting = new AbortController();
  const waited = retryUntilReachable(
    () => Promise.reject(unreachable),
    waiting.signal,
    () => setImmediate(() => waiting.abort(reason)),
  );
  await assert.rejects(waited, ({ name, cause }: Error) => name === "AbortError" && cause === reason);
});
