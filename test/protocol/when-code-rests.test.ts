import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { whenCodeRests } from "../../src/protocol/when-code-rests.ts";

const steps: string[] = [];

test("it comes after promises, ticks and the events of a stream, and before the next turn of the event loop", async () => {
  const over = Promise.withResolvers<void>();
  setImmediate(() => {
    whenCodeRests(() => steps.push("rests"));
    void (async () => {
      for (let i = 0; i < 100; i++) await Promise.resolve();
      await new Promise((resolve) => process.nextTick(resolve));
      for await (const text of Readable.from(["one", "two"])) steps.push(text);
    })();
    setImmediate(() => {
      steps.push("next turn");
      over.resolve();
    });
  });
  await over.promise;
  assert.deepEqual(steps, ["one", "two", "rests", "next turn"]);
});
