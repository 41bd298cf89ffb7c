import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { RetryLater } from "../../src/protocol/errors.ts";
import { Retries } from "../../workers/retries.ts";
import { isSettled } from "../settled.ts";

test("RetryLater is always tried again, after its own time or a growing one", () => {
  const retries = new Retries(0);
  assert.equal(retries.after(new RetryLater({ after: 5000 }), 1), 5000);
  assert.equal(retries.after(new RetryLater({ after: 0 }), 100), 0);
  const grown = [1, 2, 3, 20].map((attempt) => retries.after(new RetryLater(), attempt)!);
  for (const [i, most] of [100, 200, 400, 60_000].entries()) {
    assert.ok(grown[i]! <= most && grown[i]! >= most * 0.8, `${grown}`);
  }
});

test("RetryLater takes a number of milliseconds, 0 or more", () => {
  for (const after of [-1, Number.NaN, "soon" as unknown as number]) {
    assert.throws(() => new RetryLater({ after }), { name: "TypeError", message: /after.* milliseconds/ });
  }
});

test("a wait that is longer than a timer can be is no short one", async () => {
  const retries = new Retries(0);
  const waits = [2 ** 31, Number.POSITIVE_INFINITY].map((time) => retries.wait(`chat:${time}`, time));
  await setTimeout(20);
  for (const wait of waits) assert.equal(await isSettled(wait), false);
  retries.wake(() => true);
});

test("another copy of the package's RetryLater counts, too", () => {
  const foreign = Object.assign(new Error("later"), { name: "RetryLater", after: 7 });
  assert.equal(new Retries(0).after(foreign, 1), 7);
});

test("another throw is tried again so often, and then is not", () => {
  const retries = new Retries(2);
  const error = new Error("the database is away");
  assert.deepEqual(
    [1, 2, 3].map((attempt) => retries.after(error, attempt) !== undefined),
    [true, true, false],
  );
  assert.equal(new Retries(0).after(error, 1), undefined);
});

test("a scope waits for its time, or until it is woken", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const retries = new Retries(0);
  const [ann, ben] = [retries.wait("chat:1", 1000), retries.wait("chat:2", 1000)];
  t.mock.timers.tick(999);
  assert.equal(await isSettled(ann), false);
  retries.wake((scope) => scope === "chat:2");
  assert.deepEqual([await isSettled(ann), await isSettled(ben)], [false, true]);
  t.mock.timers.tick(1);
  assert.equal(await isSettled(ann), true);
});

test("several events of a scope wait, each for its own time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const retries = new Retries(0);
  const waits = [1000, 500, 2000].map((time) => retries.wait("chat:1", time));
  t.mock.timers.tick(1000);
  assert.deepEqual(await Promise.all(waits.map(isSettled)), [true, true, false]);
  retries.wake(() => true);
  assert.equal(await isSettled(waits[2]!), true);
});

test("the main thread decides, if it is asked, on any throw but RetryLater", () => {
  const error = new Error("the database is away");
  assert.equal(new Retries(3).asksAbout(error), false);
  assert.equal(new Retries(0, true).asksAbout(error), true);
  assert.equal(new Retries(0, true).asksAbout(new RetryLater()), false);
});

test("a scope waits for the decision on its event, or until it is woken", async () => {
  const retries = new Retries(0, true);
  const [ann, ben, eve] = [1, 2, 3].map((seq) => retries.decision(`chat:${seq}`, seq));
  retries.decided(1, 5000);
  retries.decided(2, undefined);
  retries.wake(() => true);
  retries.decided(3, undefined);
  retries.decided(4, 0);
  assert.deepEqual(await Promise.all([ann, ben, eve]), [5000, undefined, 0]);
});
