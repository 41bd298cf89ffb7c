import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { eventually, LIMIT } from "./eventually.ts";

const never = () => () => {};

test("eventually() resolves with what is found, at once where it is there", async () => {
  assert.equal(await eventually(() => "there", String, never), "there");
});

test("eventually() misses no change that comes while it looks", async () => {
  let look = () => {};
  let value = 0;
  const found = eventually(
    async () => {
      const seen = value;
      await new Promise(setImmediate);
      return seen === 3 && seen;
    },
    () => value,
    (again) => {
      look = again;
      return () => {};
    },
  );
  for (value = 1; value < 3; value++) look();
  look();
  assert.equal(await found, 3);
});

test("eventually() rejects with the error of the condition", async () => {
  await assert.rejects(
    eventually(() => assert.fail("broken"), String, never),
    /broken/,
  );
});

test("eventually() gives up with the condition and what it saw", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const seen = eventually(
    () => false,
    () => ({ rounds: 2 }),
    never,
  );
  mock.timers.tick(LIMIT);
  mock.timers.reset();
  await assert.rejects(seen, /not within 150 s: \(\) => false\n{ rounds: 2 }/);
});
