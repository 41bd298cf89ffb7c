import assert from "node:assert/strict";
import { test } from "node:test";
import { tooManyRequests } from "../../simulator/api/refusal.ts";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

/** Seconds for which the first edit is refused. */
const WAIT = 1;

test("of a stream of 20 edits a second, the newest goes out after a 429, and none that is stale", async () => {
  let refusedAt = 0;
  const tenSent = Promise.withResolvers<void>();
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) => {
      if (method === "getMyName") tenSent.resolve();
      if (method !== "editMessageText" || refusedAt > 0) return await respond();
      await tenSent.promise;
      refusedAt = Date.now();
      throw tooManyRequests(WAIT);
    },
  });
  await using bot = await startBotHere("streaming", simulator, ["--no-inbox"]);
  await simulator.pushMany([message(5, "go")]);
  const [, report] = await callsOf(simulator, "sendMessage", 2);
  assert.equal(report!.text, "30 answered; true");
  const edits = simulator.calls.filter(({ method }) => method === "editMessageText");
  const stream = edits
    .filter(({ parameters }) => parameters.text !== "the same")
    .map(({ time, parameters }) => ({ time, chunk: Number(parameters.text) }));
  const chunks = stream.map(({ chunk }) => chunk);
  assert.equal(chunks[0], 1);
  assert.equal(chunks.at(-1), 30);
  assert.deepEqual(
    chunks,
    [...chunks].sort((one, other) => one - other),
  );
  const newest = stream[1]!;
  assert.ok(newest.time - refusedAt >= WAIT * 1000 - 20, "the lane did not wait");
  assert.ok(newest.chunk >= 10, `chunk ${newest.chunk}`);
  assert.equal((await bot.end()).code, 0);
});
