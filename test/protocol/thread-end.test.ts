import assert from "node:assert/strict";
import { test } from "node:test";
import { mustEnd } from "../../src/protocol/thread-end.ts";

test("a thread that does not end in 30 s ends the process", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  mustEnd(new Promise(() => {}));
  mock.timers.tick(29_999);
  assert.throws(() => mock.timers.tick(1), { name: "ThreadStuckError" });
});

for (const end of [() => Promise.resolve(), () => Promise.reject(new Error("gone"))]) {
  test("a thread that ends, well or not, does not end the process", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const ended = end();
    mustEnd(ended);
    await Promise.allSettled([ended]);
    mock.timers.tick(30_000);
  });
}
